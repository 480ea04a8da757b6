# SPDX-License-Identifier: BSD-3-Clause
"""One run of bench/run: it starts a program, and judges what came out."""

import hashlib
import os
import re
import statistics
import subprocess

import peers
import results
import workloads

# A run of one thread of which the processor worked on less was disturbed, if
# by more than so many seconds
PROCESSOR_PART = 0.9
PROCESSOR_GAP_S = 0.03
# So is one that took so much longer than the median of its like
OUTLIER = 1.5
OUTLIERS_OF = 3
QUICK_LIMIT_PART = 3


def environment_of(workload, quick, output, preload):
    """The environment, what launch preloads, the command and its folder."""
    changes, words, folder = workloads.located(workload, quick, output)
    environment = {name: value for name, value in os.environ.items()
                   if name != "LD_PRELOAD"}
    environment.update(changes, LC_ALL="C", BENCH_PRELOAD=preload)
    # A script preloads it for one of the programs that it starts
    if words[0].endswith(".sh"):
        preload = "-"
    return environment, preload, words, folder


def judged(status, said, complaint, limit, seconds):
    """The result, and a note."""
    if status == 137 and seconds >= limit:
        return results.STOPPED, f"stopped after {limit} s"
    if status:
        return results.FAILED, results.one_line(
            f"status {status} {complaint}")[:300]
    if not said:
        return results.FAILED, "no output"
    return results.OK, ""


def disturbed(workload, seconds, processor):
    return (workload.one_thread and processor < PROCESSOR_PART * seconds
            and seconds - processor > PROCESSOR_GAP_S)


def launched(command, environment, folder):
    """Status, output and complaints. Whatever ends us ends what it started."""
    process = subprocess.Popen(
        command, env=environment, cwd=folder, stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    try:
        said, complaint = process.communicate()
    except BaseException:
        process.terminate()
        process.wait()
        raise
    return process.returncode, said, complaint.decode(errors="replace")


def limit_of(workload, settings):
    """A quick run does less, but for what is left idle."""
    if settings.quick and workload.kind != "idle":
        return -(-settings.limit // QUICK_LIMIT_PART)
    return settings.limit


def run_once(number, workload, who, path, settings):
    """A Run. settings are of bench/run: quick, output and limit."""
    environment, preload, words, folder = environment_of(
        workload, settings.quick, settings.output, path)
    limit = limit_of(workload, settings)
    result_path = os.path.join(settings.output, "result")
    code, said, complaint = launched(
        [os.path.join(settings.output, "launch"), result_path,
         str(limit), preload] + words, environment, folder)
    if code:
        raise peers.BenchError(f"{workload.name}: {complaint.strip()}")
    with open(result_path, encoding="utf-8") as file:
        status, seconds, processor, peak = file.read().split()
    left = re.match(rb"left ([0-9]+)\n", said)
    said = said[left.end():] if left else said
    result, note = judged(int(status), said, complaint, limit,
                          float(seconds))
    if result == results.OK and disturbed(workload, float(seconds),
                                          float(processor)):
        result = results.DISTURBED
    return results.Run(
        number, workload.name, workload.kind, who, result, float(seconds),
        float(processor), int(peak), int(left.group(1)) if left else -1,
        hashlib.sha256(said).hexdigest()[:16], note)


def checked(run, reference):
    """The same run; failed if it printed other things than under glibc."""
    if run.result in (results.FAILED, results.STOPPED) or reference is None \
            or run.output == reference:
        return run
    return run._replace(result=results.FAILED, note="its output is not what "
                        f"it is under {peers.LIBC}")


def outliers(runs):
    """Those that lie far above the others of the same cell."""
    cells = {}
    for run in runs:
        if run.result not in (results.FAILED, results.STOPPED):
            cells.setdefault((run.workload, run.allocator), []).append(run)
    return [run for cell in cells.values() if len(cell) >= OUTLIERS_OF
            for run in cell if run.seconds > OUTLIER * statistics.median(
                other.seconds for other in cell)]
