// SPDX-License-Identifier: BSD-3-Clause
//
// A threaded C++17 program: containers, strings, futures, exceptions, sized
// and aligned new, and blocks that one thread allocates and another frees.
// What it prints does not depend on how its threads interleave.

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <exception>
#include <functional>
#include <future>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <new>
#include <numeric>
#include <random>
#include <set>
#include <sstream>
#include <stdexcept>
#include <string>
#include <thread>
#include <unordered_map>
#include <vector>

namespace {

constexpr unsigned worker_count = 6;

[[noreturn]] void fail(const char *what)
{
	std::printf("FAILED: %s\n", what);
	std::fflush(stdout);
	std::abort();
}

void require(bool condition, const char *what)
{
	if (!condition)
		fail(what);
}

template <std::size_t Alignment>
struct alignas(Alignment) aligned_block {
	unsigned char bytes[Alignment + 24];

	explicit aligned_block(unsigned char fill)
	{
		std::memset(bytes, fill, sizeof(bytes));
	}
};

template <std::size_t Alignment> void use_aligned(unsigned rounds)
{
	using block = aligned_block<Alignment>;
	std::vector<std::unique_ptr<block>> blocks;

	for (unsigned i = 0; i < rounds; i++) {
		auto fill = static_cast<unsigned char>(i);

		blocks.push_back(std::make_unique<block>(fill));
		auto address =
			reinterpret_cast<std::uintptr_t>(blocks.back().get());
		require(address % Alignment == 0, "aligned new");
		if (i % 3 == 0)
			blocks.erase(blocks.begin() + i / 3 % blocks.size());
	}
	for (const auto &b : blocks)
		require(b->bytes[0] == b->bytes[sizeof(b->bytes) - 1],
			"an aligned block keeps its bytes");

	std::unique_ptr<block> none(new (std::nothrow) block(7));
	require(none && none->bytes[5] == 7, "aligned nothrow new");
}

// Sized operator delete is called by name: a compiler may choose otherwise.
void use_sized(unsigned rounds)
{
	for (unsigned i = 1; i < rounds; i++) {
		std::size_t size = i * 37 % 5000 + 1;
		auto *bytes = static_cast<char *>(::operator new(size));

		bytes[0] = bytes[size - 1] = 'x';
		::operator delete(bytes, size);

		std::align_val_t alignment{std::size_t{16} << i % 8};
		void *p = ::operator new[](size, alignment);
		require(reinterpret_cast<std::uintptr_t>(p) %
			static_cast<std::size_t>(alignment) == 0,
			"aligned array new");
		::operator delete[](p, size, alignment);
	}
	::operator delete(nullptr);
	::operator delete[](nullptr, std::align_val_t{64});
}

unsigned long long containers(unsigned seed)
{
	std::mt19937 random(seed);
	std::map<std::string, std::vector<unsigned>> sorted;
	std::unordered_map<unsigned, std::string> hashed;
	std::deque<std::string> queue;
	std::list<std::set<unsigned>> sets;

	for (unsigned i = 0; i < 8000; i++) {
		unsigned key = random() % 1500;
		std::string text(key % 90, static_cast<char>('a' + i % 26));

		sorted["key " + std::to_string(key)].push_back(i);
		hashed[key] += text;
		queue.push_back(std::move(text));
		if (queue.size() > 300)
			queue.pop_front();
		if (i % 40 == 0)
			sets.emplace_back();
		sets.back().insert(key);
		if (key % 5 == 0)
			hashed.erase(key + 1);
	}

	unsigned long long sum = 0;
	for (const auto &[key, values] : sorted)
		sum += key.size() + std::accumulate(values.begin(),
						    values.end(), 0ULL);
	for (const auto &[key, text] : hashed)
		sum += key * text.size();
	for (const auto &text : queue)
		sum += text.size();
	for (const auto &set : sets)
		sum += set.size() * *set.begin();
	return sum;
}

unsigned deep_throw(unsigned depth)
{
	std::string local(depth * 11 + 40, 'e');

	if (depth == 0)
		throw std::runtime_error(local + " thrown");
	return deep_throw(depth - 1) + static_cast<unsigned>(local.size());
}

unsigned exceptions(unsigned rounds)
{
	unsigned caught = 0;

	for (unsigned i = 0; i < rounds; i++) {
		try {
			deep_throw(i % 30);
		} catch (const std::exception &e) {
			std::exception_ptr kept = std::current_exception();

			try {
				std::rethrow_exception(kept);
			} catch (const std::runtime_error &) {
				caught += std::strlen(e.what()) > 6;
			}
		}
	}
	return caught;
}

bool huge_new_throws()
{
	volatile std::size_t size = PTRDIFF_MAX;
	bool thrown = false;

	try {
		char *p = new char[size];
		::operator delete[](p);
	} catch (const std::bad_alloc &) {
		thrown = true;
	}
	return thrown && ::operator new(size, std::nothrow) == nullptr;
}

// A bounded queue: what producers allocate, consumers free.
class mailbox {
public:
	void put(std::unique_ptr<std::string> letter)
	{
		std::unique_lock<std::mutex> lock(mutex);
		room.wait(lock, [&] { return letters.size() < 200; });
		letters.push_back(std::move(letter));
		mail.notify_one();
	}

	std::unique_ptr<std::string> get()
	{
		std::unique_lock<std::mutex> lock(mutex);
		mail.wait(lock, [&] { return !letters.empty(); });
		auto letter = std::move(letters.front());
		letters.pop_front();
		room.notify_one();
		return letter;
	}

private:
	std::mutex mutex;
	std::condition_variable mail, room;
	std::deque<std::unique_ptr<std::string>> letters;
};

unsigned long long cross_thread_frees()
{
	constexpr unsigned letter_count = 30000;
	mailbox box;
	std::atomic<unsigned long long> length{0};
	std::vector<std::thread> threads;

	for (unsigned t = 0; t < worker_count / 2; t++) {
		threads.emplace_back([&, t] {
			for (unsigned i = 0; i < letter_count; i++)
				box.put(std::make_unique<std::string>(
					(i * 13 + t) % 400, 'm'));
		});
		threads.emplace_back([&] {
			unsigned long long own = 0;

			for (unsigned i = 0; i < letter_count; i++)
				own += box.get()->size();
			length += own;
		});
	}
	for (auto &thread : threads)
		thread.join();
	return length;
}

// Threads that end while what they allocated lives on.
unsigned long long orphans()
{
	unsigned long long sum = 0;

	for (unsigned round = 0; round < 40; round++) {
		std::vector<std::shared_ptr<std::vector<unsigned>>> kept;

		std::thread([&kept, round] {
			for (unsigned i = 0; i < 300; i++)
				kept.push_back(std::make_shared<
					std::vector<unsigned>>(i, round));
		}).join();
		for (const auto &v : kept)
			sum += std::accumulate(v->begin(), v->end(), 0ULL);
	}
	return sum;
}

struct per_thread {
	std::vector<std::string> lines;

	~per_thread()
	{
		lines.emplace_back(1000, 'z');
	}
};

thread_local per_thread own_lines;

unsigned long long futures()
{
	std::vector<std::future<unsigned long long>> results;
	unsigned long long sum = 0;

	for (unsigned i = 0; i < 12; i++)
		results.push_back(std::async(std::launch::async, [i] {
			own_lines.lines.emplace_back(100 + i, 'y');
			return containers(i) + own_lines.lines.size();
		}));
	for (auto &result : results)
		sum += result.get();

	std::packaged_task<std::string()> task([]() -> std::string {
		throw std::logic_error(std::string(300, 't'));
	});
	auto failed = task.get_future();
	std::thread(std::move(task)).join();
	try {
		failed.get();
	} catch (const std::logic_error &e) {
		sum += std::strlen(e.what());
	}
	return sum;
}

void report_maps()
{
	if (std::FILE *in = std::fopen("/proc/self/maps", "r")) {
		std::FILE *out = std::fopen("maps", "w");

		require(out != nullptr, "maps can be written");
		for (int c; (c = std::getc(in)) != EOF;)
			std::putc(c, out);
		std::fclose(out);
		std::fclose(in);
	}
}

} // namespace

int main()
{
	std::vector<std::thread> workers;
	std::atomic<unsigned> caught{0};

	for (unsigned i = 0; i < worker_count; i++)
		workers.emplace_back([&] {
			use_aligned<32>(400);
			use_aligned<64>(400);
			use_aligned<256>(200);
			use_aligned<4096>(60);
			use_sized(4000);
			caught += exceptions(500);
		});
	for (auto &worker : workers)
		worker.join();
	std::printf("exceptions %u\n", caught.load());
	std::printf("bad_alloc %d\n", huge_new_throws());
	std::printf("futures %llu\n", futures());
	std::printf("cross-thread frees %llu\n", cross_thread_frees());
	std::printf("orphans %llu\n", orphans());

	std::ostringstream stream;
	for (unsigned i = 0; i < 20000; i++)
		stream << i << ' ';
	std::printf("stream %zu\n", stream.str().size());
	report_maps();
	std::printf("end of work\n");
	return 0;
}
