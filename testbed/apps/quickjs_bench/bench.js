// SPDX-License-Identifier: BSD-3-Clause
// Objects, arrays and strings, N of each; N is the variable "size". Also runs
// outside of the testbed: "node bench.js 1000" prints the same lines "result
// NAME VALUE".
"use strict";

const outside = typeof progress === "undefined";
const n = outside ? Number(process.argv[2] || 1000) : size;
const say = outside ? console.log : print;
// The testbed's functions, or nothing in their place
const step = outside ? () => {} : progress;	// part, done, whole
const count = outside ? () => 0 : instructions;
const look = outside ? () => {} : memory;	// when

function figure(name, begin, times) {
	if (!outside)
		say(`${name}_instructions_each ` +
		    Math.floor((count() - begin) / times));
}

// A small system of tasks that send each other packets, with priorities: a
// packet is an object that waits in a queue, is worked on, and is passed on.
class Packet {
	constructor(kind, number) {
		this.kind = kind;
		this.number = number;
		this.data = [number % 26, number % 10, number % 7];
		this.next = null;
	}
}

class Task {
	constructor(name, number) {
		this.name = name;
		this.number = number;
		this.first = this.last = null;
		this.sum = 0;
	}

	put(packet) {
		packet.next = null;
		if (this.last)
			this.last.next = packet;
		else
			this.first = packet;
		this.last = packet;
	}

	take() {
		const packet = this.first;
		this.first = packet.next;
		if (!this.first)
			this.last = null;
		return packet;
	}
}

class Worker extends Task {
	run(packet, tasks) {
		this.sum += packet.data.reduce((a, b) => a * 3 + b, 0) % 101;
		packet.data.push(this.sum % 5);
		if (packet.data.length < 8)
			tasks[(packet.number + packet.data.length) %
			      tasks.length].put(packet);
	}
}

class Copier extends Task {
	run(packet, tasks) {
		const copy = Object.assign(new Packet(packet.kind, 0), packet,
			{ data: packet.data.slice(1).concat(this.number) });
		this.sum = (this.sum * 7 + copy.data.length) % 1009;
		if (packet.kind < 3) {
			copy.kind = packet.kind + 1;
			tasks[copy.kind].put(copy);
		}
	}
}

// Of the tasks with a packet, the one of the highest priority
function next_task(tasks) {
	for (let i = tasks.length - 1; i >= 0; i--)
		if (tasks[i].first)
			return tasks[i];
	return null;
}

function objects() {
	const begin = count();
	const held = new Map();
	const tasks = [0, 1, 2, 3, 4, 5].map(i => i % 3 === 2
		? new Copier(`copier ${i}`, i) : new Worker(`worker ${i}`, i));
	let sent = 0, done = 0;

	for (;;) {
		const task = next_task(tasks);
		if (task) {
			task.run(task.take(), tasks);
			done++;
			continue;
		}
		if (sent === n)
			break;
		sent++;
		const packet = new Packet(sent % 4, sent);
		held.set(sent, { packet, again: null, name: `no ${sent}` });
		held.get(sent).again = held.get(sent);	// a cycle
		if (sent % 2)
			held.delete(sent >> 1);
		tasks[sent % tasks.length].put(packet);
		step("objects", sent, n);
	}
	figure("objects", begin, done);
	look("with_objects");
	say("result objects", done, held.size, ...tasks.map(t => t.sum));
}

function arrays() {
	const begin = count();
	const all = [], rows = [];
	let random = 42, sum = 0;

	for (let i = 1; i <= n; i++) {
		random = (random * 1103515245 + 12345) % 2147483648;
		all.push(random % 100003);
		if (i % 50 === 0) {
			const part = all.splice(-40, 25);
			rows.push(part.sort((a, b) => a - b));
			sum = (sum * 31 + part[0] + part.length) % 1000003;
			all.push(...part.slice(0, 5));
		}
		if (i % 1000 === 0)
			sum += all.map(x => x * 2).filter(x => x % 3 === 0)
				.concat(rows[rows.length - 1]).length;
		step("arrays", i, n);
	}
	all.sort((a, b) => a - b);
	const flat = rows.flat();
	flat.forEach((x, i) => { sum = (sum * 7 + x * (i % 13)) % 1000003; });
	figure("arrays", begin, n);
	say("result arrays", all.length, all[all.length >> 1] || 0,
	    flat.length, sum);
}

function strings() {
	const begin = count();
	const seen = {}, lines = [];
	let text = "", bytes = 0;

	for (let i = 1; i <= n; i++) {
		const word = `w${i * 7919 % ((n >> 2) + 1)}`;
		seen[word] = (seen[word] || 0) + 1;
		text += word + "-".repeat(i % 40) + i + " ";
		if (i % 100 === 0 || i === n) {
			lines.push(JSON.stringify({ at: i, words: text.split(" ")
				.map(x => x.toUpperCase()) }));
			text = "";
		}
		step("strings", i, n);
	}
	for (const line of lines)
		bytes += JSON.parse(line).words.join("").replace(/-+/g, "=")
			.length;
	figure("strings", begin, n);
	say("result strings", lines.length, bytes, Object.keys(seen).length);
}

objects();
arrays();
strings();
