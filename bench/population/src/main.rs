//! `npm run bench -- scale` calls it: the formula, and the simulation of many users, as JSON.

use std::io::Write;
use std::process::ExitCode;
use std::sync::Mutex;
use std::{env, fs};

use clap::{Args, Parser, Subcommand, ValueEnum};
use serde_json::{Value, json};
use stillhere_population::assumptions::{Assumptions, MOST_CONTEXTS};
use stillhere_population::heads::Heads;
use stillhere_population::line::{Line, Remote};
use stillhere_population::model::{Ends, Rates};
use stillhere_population::run::{Plan, Seen, Window, run};
use stillhere_population::user::Rules;

/// What many users cost an authority: the formula, and a simulation that checks it.
#[derive(Parser)]
#[command(name = "stillhere-population", version)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Prints what the formula says of one user at work, with 1 and more contexts and the mix.
    Predict(Policy),
    /// Lets users live, in virtual time only or, with --authority, against a real authority.
    Run(Box<Run>),
}

/// Who ends a session that nobody uses.
#[derive(Clone, Copy, ValueEnum)]
enum By {
    /// The authority, by its policy.
    Authority,
    /// The page, by a shorter timeout of its own; the authority allows 8 hours.
    Page,
}

impl From<By> for Ends {
    fn from(by: By) -> Self {
        match by {
            By::Authority => Self::Authority,
            By::Page => Self::Page,
        }
    }
}

#[derive(Args)]
struct Policy {
    /// Idle timeout in minutes, 5 to 480.
    #[arg(long, default_value_t = 15, value_parser = clap::value_parser!(u32).range(5..=480))]
    idle_minutes: u32,
    /// Who ends a session that nobody uses.
    #[arg(long, value_enum, default_value = "authority")]
    ends: By,
}

#[derive(Args)]
struct Run {
    #[command(flatten)]
    policy: Policy,
    /// How many users there are, at work or not.
    #[arg(long, default_value_t = 2000, value_parser = clap::value_parser!(u32).range(1..=100_000_000))]
    users: u32,
    /// How many contexts each user has, 1 to 10; as people have if it is left out.
    #[arg(long, value_parser = clap::value_parser!(u8).range(1..=MOST_CONTEXTS as i64))]
    contexts: Option<u8>,
    /// What is drawn follows from it.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Threads, each with one connection.
    #[arg(long, default_value_t = 16, value_parser = clap::value_parser!(u32).range(1..=256))]
    threads: u32,
    /// For how long is counted, in seconds of virtual time; without --authority.
    #[arg(long, default_value_t = 60.0)]
    seconds: f64,
    /// With --authority: how much virtual time passes in a second, above 0 up to 1, and for how many
    /// seconds of real time is counted. Several are counted one after the other.
    #[arg(long, value_name = "SPEED:SECONDS", default_value = "0.0001:60", value_parser = pace)]
    pace: Vec<(f64, f64)>,
    /// `host:port` of an authority on this machine that allows 8 hours without activity
    /// (--idle-timeout 8h) and any number of calls. Its administrator's token comes from
    /// STILLHERE_ADMIN_TOKEN.
    #[arg(long)]
    authority: Option<String>,
    /// File with the heads of requests as a browser sends them (src/heads.rs).
    #[arg(long)]
    heads: Option<String>,
    /// Process of that authority, whose processor time is measured (Linux).
    #[arg(long)]
    pid: Option<u32>,
}

/// Processor time of a process so far, in seconds.
fn processor_time(pid: u32) -> Result<f64, String> {
    let file = format!("/proc/{pid}/schedstat");
    let wrong = || format!("There is no processor time of process {pid} (Linux only).");
    let mut nanoseconds = 0.0;
    let tasks = fs::read_dir(format!("/proc/{pid}/task")).map_err(|_| wrong())?;
    for task in tasks.flatten() {
        let text = fs::read_to_string(task.path().join("schedstat")).unwrap_or_default();
        nanoseconds += text.split(' ').next().and_then(|text| text.parse().ok()).unwrap_or(0.0);
    }
    if nanoseconds == 0.0 && fs::metadata(file).is_err() {
        return Err(wrong());
    }
    Ok(nanoseconds / 1e9)
}

fn assumed(policy: &Policy) -> Assumptions {
    Assumptions { idle_timeout_s: f64::from(policy.idle_minutes) * 60.0, ..Assumptions::default() }
}

fn predict(policy: &Policy) -> Value {
    let (assumed, ends) = (assumed(policy), policy.ends.into());
    json!({
        "assumptions": assumed,
        "rows": assumed.rows(),
        "contexts": assumed.contexts(),
        "meanContexts": assumed.mean_contexts(),
        "one": Rates::of(&assumed, 1, ends),
        "more": Rates::of(&assumed, 2, ends),
        "mix": Rates::of_mix(&assumed, ends),
    })
}

fn pace(text: &str) -> Result<(f64, f64), String> {
    let numbers = text.split_once(':').map(|(speed, seconds)| (speed.parse(), seconds.parse()));
    match numbers {
        Some((Ok(speed), Ok(seconds)))
            if speed > 0.0 && speed <= 1.0 && seconds > 0.0 && seconds <= 86_400.0 =>
        {
            Ok((speed, seconds))
        }
        _ => Err("write SPEED:SECONDS, a speed above 0 up to 1 and seconds up to a day".into()),
    }
}

fn remote(options: &Run) -> Result<Option<Remote>, String> {
    let Some(address) = options.authority.clone() else { return Ok(None) };
    let loopback = ["127.0.0.1:", "localhost:", "[::1]:"];
    if !loopback.iter().any(|start| address.starts_with(start)) {
        return Err("Only an authority on this machine is put under load: 127.0.0.1:PORT.".into());
    }
    let admin = env::var("STILLHERE_ADMIN_TOKEN")
        .map_err(|_| "Set STILLHERE_ADMIN_TOKEN to the administrator's token.")?;
    let heads = match &options.heads {
        None => Heads::default(),
        Some(file) => {
            let text = fs::read_to_string(file);
            Heads::parse(&text.map_err(|fault| format!("{file} cannot be read: {fault}."))?)?
        }
    };
    Ok(Some(Remote { address, admin, heads }))
}

fn simulate(options: &Run) -> Result<Value, String> {
    if !(options.seconds > 0.0 && options.seconds <= 86_400.0) {
        return Err("--seconds must be above 0 and at most a day.".into());
    }
    let ends: Ends = options.policy.ends.into();
    let assumed = assumed(&options.policy);
    let remote = remote(options)?;
    if remote.is_some() && ends != Ends::Page {
        return Err(
            "A real authority's clock does not run with virtual time: use --ends page.".into()
        );
    }
    let window = |speed: f64, seconds: f64| Window {
        virtual_ms: ((seconds * speed * 1000.0).round() as u64).max(1),
        speed,
    };
    let windows = match remote {
        None => vec![window(1.0, options.seconds)],
        Some(_) => options.pace.iter().map(|(speed, seconds)| window(*speed, *seconds)).collect(),
    };
    let plan = Plan {
        users: options.users,
        contexts: options.contexts.map(usize::from),
        seed: options.seed,
        threads: options.threads,
        windows,
        remote,
    };
    let used = Mutex::new(Vec::new());
    let mark = || {
        let time = options.pid.map(processor_time);
        if let (Some(time), Ok(mut used)) = (time, used.lock()) {
            used.push(time);
        }
    };
    let rates = match plan.contexts {
        Some(contexts) => Rates::of(&assumed, contexts, ends),
        None => Rates::of_mix(&assumed, ends),
    };
    let mut rules = Rules::new(assumed, ends);
    if let Some(remote) = &plan.remote {
        let mut line = Line::default();
        let said = line.connect(remote.clone()).and_then(|()| line.policy());
        rules.agree(&said.map_err(|fault| format!("The authority is needed: {fault}."))?)?;
    }
    let seen = run(&plan, &rules, &mark)?;
    let used = used.into_inner().unwrap_or_default().into_iter().collect::<Result<Vec<_>, _>>()?;
    Ok(report(&plan, &rates, &seen, &used))
}

fn report(plan: &Plan, rates: &Rates, seen: &Seen, used: &[f64]) -> Value {
    let counted =
        seen.counted.iter().zip(&plan.windows).enumerate().map(|(at, (counted, window))| {
            #[expect(clippy::cast_precision_loss, reason = "counts are far below 2^53")]
            let times = seen.at_work as f64 * window.virtual_ms as f64 / 1000.0;
            json!({
                "virtualMs": window.virtual_ms,
                "speed": plan.remote.as_ref().map(|_| window.speed),
                "predicted": rates.each.map(|rate| rate * times),
                "seen": counted.sum.requests,
                "sent": counted.sum.sent,
                "received": counted.sum.received,
                "failed": counted.sum.failed,
                "realS": counted.real.as_secs_f64(),
                "lateMs": counted.late.as_secs_f64() * 1000.0,
                "processorS": used.get(2 * at..2 * at + 2).map(|used| used[1] - used[0]),
            })
        });
    json!({
        "users": plan.users,
        "atWork": seen.at_work,
        "signedIn": seen.signed_in,
        "signedInShare": rates.signed_in,
        "registeringS": seen.registering.as_secs_f64(),
        "settlingS": seen.settling.as_secs_f64(),
        "windows": counted.collect::<Vec<_>>(),
    })
}

fn main() -> ExitCode {
    let said = match Cli::parse().command {
        Command::Predict(policy) => Ok(predict(&policy)),
        Command::Run(options) => simulate(&options),
    };
    match said {
        Ok(said) => match writeln!(std::io::stdout(), "{said}") {
            Ok(()) => ExitCode::SUCCESS,
            Err(_) => ExitCode::FAILURE,
        },
        Err(message) => {
            eprintln!("{message}");
            ExitCode::from(2)
        }
    }
}
