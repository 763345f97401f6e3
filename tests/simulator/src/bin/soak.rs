//! `npm run soak -- --seeds N [--from S] [--trace]`: plays the stories of N seeds on all cores, or
//! without `--seeds` until it is stopped. Prints what was broken and by which seed; the exit status
//! is 1 then. With `--until RULE` it is 1 unless that rule was (`npm run variants`).

use std::process::ExitCode;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;

use stillhere_simulator::checks::Rule;
use stillhere_simulator::scenario::{self, Story};
use stillhere_simulator::world::START;

const HELP: &str = "\
soak [--seeds N] [--from S] [--trace] [--until RULE]
  --seeds N  how many stories; without it, until stopped
  --from S   the first seed, 1 by default
  --trace    print each thing that happens; for one seed
  --until R  stop once that rule is broken: it must be";

struct Options {
    seeds: Option<u64>,
    from: u64,
    trace: bool,
    until: Option<Rule>,
}

fn rule(name: &str) -> Result<Rule, String> {
    let found = Rule::ALL.into_iter().find(|rule| format!("{rule:?}") == name);
    found.ok_or_else(|| format!("--until needs one of {:?}, not \"{name}\".", Rule::ALL))
}

fn options() -> Result<Options, String> {
    let mut options = Options { seeds: None, from: 1, trace: false, until: None };
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        let mut number = || {
            let value = arguments.next().unwrap_or_default();
            value
                .replace('_', "")
                .parse()
                .map_err(|_| format!("{argument} needs a whole number, not \"{value}\"."))
        };
        match argument.as_str() {
            "--seeds" => options.seeds = Some(number()?),
            "--from" => options.from = number()?,
            "--trace" => options.trace = true,
            "--until" => {
                options.until = Some(rule(&arguments.next().unwrap_or_default())?);
            }
            _ => return Err(format!("There is no option {argument}.\n{HELP}")),
        }
    }
    Ok(options)
}

/// What the threads share.
#[derive(Default)]
struct Sum {
    done: AtomicU64,
    contexts: AtomicU64,
    hours: AtomicU64,
    broken: AtomicBool,
    /// The first seed that broke the rule of `--until`.
    seen: AtomicU64,
    print: Mutex<()>,
}

fn play(seed: u64, options: &Options, sum: &Sum) {
    let trace = options.trace;
    let outcome = scenario::play(seed, trace);
    if let Some(until) = options.until
        && outcome.violations.iter().any(|broken| broken.rule == until)
    {
        sum.seen.fetch_min(seed, Ordering::Relaxed);
    }
    sum.contexts.fetch_add(outcome.contexts as u64, Ordering::Relaxed);
    sum.hours.fetch_add(outcome.passed_ms / 1_000, Ordering::Relaxed);
    let done = sum.done.fetch_add(1, Ordering::Relaxed) + 1;
    let _guard = sum.print.lock();
    if let Some(first) = outcome.violations.first() {
        sum.broken.store(true, Ordering::Relaxed);
        let who = first.context.map_or_else(String::new, |at| format!(", context {at}"));
        println!("seed {seed}: {:?} at {} ms{who}: {}", first.rule, first.at - START, first.what);
        if !trace {
            println!("  again: npm run soak -- --seeds 1 --from {seed} --trace");
        }
    }
    if done.is_multiple_of(20_000) {
        println!("{done} seeds");
    }
}

fn main() -> ExitCode {
    let options = match options() {
        Ok(options) => options,
        Err(message) => {
            eprintln!("{message}");
            return ExitCode::from(2);
        }
    };
    let end = options.seeds.map_or(u64::MAX, |seeds| options.from.saturating_add(seeds));
    if options.seeds == Some(1) {
        println!("{:#?}", Story::draw(options.from));
    }
    let next = AtomicU64::new(options.from);
    let sum = Sum { seen: AtomicU64::new(u64::MAX), ..Sum::default() };
    let cores =
        if options.trace { 1 } else { thread::available_parallelism().map_or(1, usize::from) };
    thread::scope(|scope| {
        for _ in 0..cores {
            scope.spawn(|| {
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= end || sum.seen.load(Ordering::Relaxed) < u64::MAX {
                        break;
                    }
                    play(seed, &options, &sum);
                }
            });
        }
    });
    let done = sum.done.into_inner();
    let (contexts, hours) = (sum.contexts.into_inner(), sum.hours.into_inner() / 3_600);
    println!(
        "{done} seeds from {}: {contexts} contexts, {hours} hours of virtual time",
        options.from
    );
    if let Some(until) = options.until {
        let seen = sum.seen.into_inner();
        if seen == u64::MAX {
            println!("{until:?} was not broken");
            return ExitCode::FAILURE;
        }
        println!("{until:?} was broken by seed {seen}");
        return ExitCode::SUCCESS;
    }
    if sum.broken.into_inner() {
        println!("a rule was broken");
        return ExitCode::FAILURE;
    }
    println!("no rule was broken");
    ExitCode::SUCCESS
}
