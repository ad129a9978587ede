//! `sim`: runs seeds and reports.

use std::process::ExitCode;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use clap::Parser;
use simulation::Verdict;
use simulation::defects::Defect;

/// Runs the controller against a simulated cluster, half an hour for each seed.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    /// How many seeds.
    #[arg(long, default_value_t = 2000)]
    seeds: u64,
    /// The first seed.
    #[arg(long, default_value_t = 0)]
    from: u64,
    /// Plants every defect, one after the other, and demands that each is found within the seeds.
    #[arg(long)]
    defects: bool,
    /// Runs every seed twice and demands the same trace.
    #[arg(long)]
    replay: bool,
    /// Seeds at a time; as many as there are processors when absent.
    #[arg(long)]
    threads: Option<usize>,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let threads =
        arguments.threads.or_else(|| std::thread::available_parallelism().ok().map(Into::into)).unwrap_or(1);
    let good =
        if arguments.defects { find_defects(&arguments, threads) } else { run_seeds(&arguments, threads) };
    if good { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

#[expect(clippy::print_stdout, reason = "the report is what the program is for")]
fn run_seeds(arguments: &Arguments, threads: usize) -> bool {
    let began = Instant::now();
    let next = AtomicU64::new(arguments.from);
    let bad = AtomicU64::new(0);
    let totals = [const { AtomicU64::new(0) }; 4];
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= arguments.from + arguments.seeds {
                        break;
                    }
                    let Verdict { violations, trace, tally } = verdict(seed, None);
                    let counts = [tally.calls, tally.faults, tally.pods, tally.kills];
                    for (total, count) in totals.iter().zip(counts) {
                        total.fetch_add(count, Ordering::Relaxed);
                    }
                    let replayed = !arguments.replay || verdict(seed, None).trace == trace;
                    if !violations.is_empty() || !replayed {
                        bad.fetch_add(1, Ordering::Relaxed);
                        println!(
                            "seed {seed}: {}",
                            if replayed { violations.join("; ") } else { "another trace".to_owned() }
                        );
                    }
                }
            });
        }
    });
    let [calls, faults, pods, kills] = totals.map(AtomicU64::into_inner);
    let bad = bad.into_inner();
    println!(
        "{} seeds, {bad} bad, in {:.1} s: {calls} calls, {faults} faults, {pods} pods, {kills} kills",
        arguments.seeds,
        began.elapsed().as_secs_f64()
    );
    bad == 0
}

#[expect(clippy::print_stdout, reason = "the report is what the program is for")]
fn find_defects(arguments: &Arguments, threads: usize) -> bool {
    let next = AtomicU64::new(0);
    let missed = AtomicU64::new(0);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                while let Some(defect) = Defect::ALL.get(next.fetch_add(1, Ordering::Relaxed) as usize) {
                    let found = (arguments.from..arguments.from + arguments.seeds).find_map(|seed| {
                        Some((seed, verdict(seed, Some(*defect)).violations.first()?.clone()))
                    });
                    match found {
                        Some((seed, violation)) => println!("{defect:?}: found by seed {seed}: {violation}"),
                        None => {
                            missed.fetch_add(1, Ordering::Relaxed);
                            println!("{defect:?}: NOT FOUND within {} seeds", arguments.seeds);
                        }
                    }
                }
            });
        }
    });
    let missed = missed.into_inner();
    println!("{} of {} defects found", Defect::ALL.len() as u64 - missed, Defect::ALL.len());
    missed == 0
}

fn verdict(seed: u64, defect: Option<Defect>) -> Verdict {
    simulation::run(seed, defect).expect("a runtime of one thread can be built")
}
