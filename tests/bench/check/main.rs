//! Time and memory to check a project: 1,000 files with 20,000 lines, and one file of 300 KiB.
//!
//! `cargo bench --no-default-features --bench check`; prints ms for reading and checking, by the clock and, on Linux, of the
//! processor for the thread that checks (files are read on others, too), the median and the least of several runs; and the
//! largest memory the process ever held. To hold, by the clock of a machine that does nothing else: 150 ms and 100 MB for the
//! project, 100 ms for the file. With a directory as argument the project is written there and kept.

mod project;

use std::hint::black_box;
use std::io::Write;
use std::path::Path;
use std::time::{Duration, Instant};
use syncc::diagnostic::Severity;
use syncc::plan::compile_project;
use syncc::project::Location;

const RUNS: usize = 15;

fn main() -> std::io::Result<()> {
    // `cargo bench` adds an argument of its own.
    let kept = std::env::args().skip(1).find(|argument| !argument.starts_with('-'));
    let scratch = tempfile::tempdir()?;
    let large = kept.as_deref().map_or_else(|| scratch.path().join("large"), Into::into);
    let single = scratch.path().join("single");
    project::write_large(&large)?;
    project::write_single(&single, 300 << 10)?;
    measure("1,000 files, 20,000 lines", &large)?;
    let peak =
        peak_kib().map_or_else(|| "unknown".to_owned(), |kib| format!("{} MB", kib * 1024 / 1_000_000));
    writeln!(std::io::stdout(), "  largest memory of the process: {peak}")?;
    measure("one file of 300 KiB", &single)
}

fn measure(name: &str, directory: &Path) -> std::io::Result<()> {
    let location = Location::new(directory);
    let mut clock = Vec::new();
    let mut processor = Vec::new();
    for _ in 0..RUNS {
        // A thread of its own keeps no compiled pattern of the run before, as a new process would not.
        let run = std::thread::scope(|scope| scope.spawn(|| check(&location)).join());
        let times = run.map_err(|_| std::io::Error::other("the check panicked"))??;
        clock.push(times.clock);
        processor.extend(times.processor);
    }
    let mut out = std::io::stdout();
    write!(out, "{name}: {}", told(&mut clock))?;
    if !processor.is_empty() {
        write!(out, "; of the processor {}", told(&mut processor))?;
    }
    writeln!(out)
}

/// Median and least.
fn told(times: &mut [Duration]) -> String {
    times.sort();
    let ms = |time: Duration| time.as_secs_f64() * 1e3;
    format!("{:.1} ms, at least {:.1}", ms(times[times.len() / 2]), ms(times[0]))
}

/// What a run took.
struct Times {
    clock: Duration,
    /// Of the thread that checks; none where the system does not tell.
    processor: Option<Duration>,
}

/// Reads and checks a project once.
fn check(location: &Location) -> std::io::Result<Times> {
    let clock = Instant::now();
    let start = processor_time();
    let reading = syncc::project::io::read(location).map_err(std::io::Error::other)?;
    let compiled = black_box(compile_project(&reading.project));
    let processor = processor_time().zip(start).map(|(end, start)| end - start);
    let times = Times { clock: clock.elapsed(), processor };
    match compiled.findings.iter().find(|finding| finding.severity == Severity::Error) {
        Some(error) => Err(std::io::Error::other(format!("{}: {}", error.code, error.message))),
        None => Ok(times),
    }
}

/// Processor time of this thread, from Linux's `schedstat`.
fn processor_time() -> Option<Duration> {
    let stat = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    stat.split(' ').next()?.parse().ok().map(Duration::from_nanos)
}

/// Most memory the process ever held, from Linux's `status`.
fn peak_kib() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().strip_suffix(" kB")?.parse().ok()
}
