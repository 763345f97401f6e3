//! Everything that the machine is asked to do often, each thing once, between marks that callgrind
//! knows (scripts/lib/instructions.mjs reads what it counted). Prints what was done, in order.

mod arena;
mod group;

use std::hint::black_box;
use std::process::ExitCode;

use arena::Arena;
use group::{Context, Effects, alive, handle, name, reading};
use stillhere::core::facts::Kind;
use stillhere::core::input::{Grant, Input};
use stillhere::core::rules;

#[global_allocator]
static MEMORY: Arena = Arena::new();

/// Sizes of the group: two is the least in which anybody hears anything.
const CONTEXTS: [u64; 4] = [2, 10, 50, 200];

/// What is done to a group of that size; it says what did not happen as it should have.
type Task = fn(contexts: u64) -> Result<(), &'static str>;

const TASKS: [(&str, Task); 12] = [
    ("an input, counted at once", counted_at_once),
    ("an input after a pause", opens_an_interval),
    ("an input that opens a second", opens_a_second),
    ("news told to the others", told),
    ("a keep-alive: lock and answer", keepalive),
    ("news of one context heard", news_heard),
    ("all facts heard, all known", facts_heard),
    ("all facts heard by a newcomer", newcomer_hears),
    ("a newcomer greeted", newcomer_greeted),
    ("a timer that fires early", early_timer),
    ("the question before a warning", question),
    ("a look at the status", status),
];

/// What callgrind counts, by its name. Whatever it is given is done within.
#[inline(never)]
fn measured<R>(work: impl FnOnce() -> R) -> R {
    black_box(work())
}

fn take(context: &mut Context, input: Input<'_>) -> Effects {
    context.elapsed += 10;
    let now = reading(context.elapsed);
    measured(|| handle(&mut context.agent, input, now))
}

const KEY: Input<'static> = Input::Activity { kind: Kind::Keystroke, age_ms: 0 };

fn expect(happened: bool, otherwise: &'static str) -> Result<(), &'static str> {
    if happened { Ok(()) } else { Err(otherwise) }
}

/// A context at which somebody works: the authority was told a moment ago, and the others just now.
/// With it comes what they were told.
fn busy(at: u64, contexts: u64) -> Result<(Context, [Vec<u8>; 2]), &'static str> {
    let mut context = Context::in_a_group(at, contexts)?;
    context.wait(1000);
    expect(context.key().lock, "A key after a pause asks for no lock.")?;
    let first = context.send()?;
    context.wait(2000);
    let second = context.key().message.ok_or("The next key is not told of.")?;
    Ok((context, [first, second]))
}

fn counted_at_once(contexts: u64) -> Result<(), &'static str> {
    let (mut context, _) = busy(0, contexts)?;
    context.key();
    let wall = reading(context.elapsed + 10).wall;
    let agent = &mut context.agent;
    let counted = measured(|| agent.count(Kind::Keystroke, wall));
    expect(counted, "The second key within a second was not counted at once.")
}

fn opens_an_interval(contexts: u64) -> Result<(), &'static str> {
    let mut context = Context::in_a_group(0, contexts)?;
    context.wait(1000);
    expect(take(&mut context, KEY).lock, "A key after a pause asks for no lock.")
}

fn opens_a_second(contexts: u64) -> Result<(), &'static str> {
    let (mut context, _) = busy(0, contexts)?;
    take(&mut context, KEY);
    let now = reading(context.elapsed + 10).wall;
    expect(context.agent.count(Kind::Keystroke, now), "The next key is not counted at once.")
}

/// Types on until the others are to hear of it.
fn types(context: &mut Context) -> Result<(), &'static str> {
    context.wait(500);
    let wake_at = context.key().wake_at.ok_or("Nobody is to hear of a key.")?;
    context.wait(wake_at.saturating_sub(context.agent.now()));
    Ok(())
}

fn told(contexts: u64) -> Result<(), &'static str> {
    let (mut context, _) = busy(0, contexts)?;
    types(&mut context)?;
    expect(take(&mut context, Input::Wake).message.is_some(), "Nobody was told of a key.")
}

fn keepalive(contexts: u64) -> Result<(), &'static str> {
    let mut context = Context::in_a_group(0, contexts)?;
    context.wait(1000);
    context.key();
    let at = context.elapsed + 10;
    let agent = &mut context.agent;
    let id = measured(|| {
        let id = handle(agent, Input::Lock(Grant::Granted), reading(at)).request?;
        handle(agent, Input::Answer { id, answer: alive(0) }, reading(at + 20));
        Some(id)
    });
    let times = &agent.facts().times;
    let acknowledged = id.is_some() && times.acknowledged >= times.activity;
    expect(acknowledged, "The keep-alive was not acknowledged.")
}

fn news_heard(contexts: u64) -> Result<(), &'static str> {
    let (mut other, said) = busy(1, contexts)?;
    types(&mut other)?;
    let mut context = Context::in_a_group(0, contexts)?;
    context.elapsed = other.elapsed;
    for message in said {
        context.hear(&message);
    }
    let message = other.take(Input::Wake).message.ok_or("Nobody was told of a key.")?;
    let before = context.agent.facts().times.activity;
    take(&mut context, Input::Message(&message));
    expect(context.agent.facts().times.activity > before, "The news brought nothing new.")
}

/// What the second context tells a newcomer, after the first key of a day.
fn greeting(contexts: u64) -> Result<Vec<u8>, &'static str> {
    let mut other = Context::in_a_group(1, contexts)?;
    let (_, hello) = Context::new(name(0));
    let hello = hello.message.ok_or("A newcomer does not say hello.")?;
    let mut said = other.hear(&hello);
    while said.message.is_none() {
        let at = said.wake_at.ok_or("Nobody greets a newcomer.")?;
        other.wait(at.saturating_sub(other.agent.now()));
        said = other.take(Input::Wake);
    }
    said.message.ok_or("Nobody greets a newcomer.")
}

fn facts_heard(contexts: u64) -> Result<(), &'static str> {
    let message = greeting(contexts)?;
    let mut context = Context::in_a_group(0, contexts)?;
    context.wait(1000);
    let rows = context.agent.facts().rows.len();
    take(&mut context, Input::Message(&message));
    let same = context.agent.facts().rows.len() == rows && rows as u64 == contexts;
    expect(same, "What was known before is known no more.")
}

fn newcomer_hears(contexts: u64) -> Result<(), &'static str> {
    let message = greeting(contexts)?;
    let (mut context, _) = Context::new(name(0));
    take(&mut context, Input::Message(&message));
    let all = context.agent.facts().rows.len() as u64 == contexts;
    expect(all, "A newcomer does not know all after a greeting.")
}

fn newcomer_greeted(contexts: u64) -> Result<(), &'static str> {
    let mut context = Context::in_a_group(0, contexts)?;
    let (_, hello) = Context::new(name(contexts));
    let message = hello.message.ok_or("A newcomer does not say hello.")?;
    let said = take(&mut context, Input::Message(&message));
    expect(said.message.is_some(), "The first by name does not greet a newcomer.")
}

fn early_timer(contexts: u64) -> Result<(), &'static str> {
    let mut context = Context::in_a_group(0, contexts)?;
    context.wait(1000);
    let said = take(&mut context, Input::Wake);
    let nothing = said.message.is_none() && said.request.is_none() && !said.lock;
    expect(nothing, "A timer that fired early did something.")
}

fn question(contexts: u64) -> Result<(), &'static str> {
    let mut context = Context::in_a_group(0, contexts)?;
    context.wait(1000);
    let wake_at = context.take(Input::Wake).wake_at.ok_or("No warning is due.")?;
    let at = context.elapsed + wake_at.saturating_sub(context.agent.now());
    let idle_ms = context.agent.policy().idle_timeout_ms - context.agent.policy().warn_before_ms;
    let agent = &mut context.agent;
    measured(|| {
        handle(agent, Input::Wake, reading(at));
        let id = handle(agent, Input::Lock(Grant::Granted), reading(at + 10)).request?;
        handle(agent, Input::Answer { id, answer: alive(idle_ms) }, reading(at + 30));
        Some(())
    })
    .ok_or("No question was asked.")?;
    expect(agent.phase() == rules::Phase::Warning, "Nobody was warned.")
}

/// What `status` reads of the machine (src/browser/view.rs).
fn status(contexts: u64) -> Result<(), &'static str> {
    let mut context = Context::in_a_group(0, contexts)?;
    context.wait(1000);
    let now = reading(context.elapsed);
    let agent = &mut context.agent;
    let live = measured(|| {
        agent.look(now);
        let facts = agent.facts();
        black_box((agent.policy(), agent.phase(), agent.due(), facts.counts()));
        black_box(rules::basis(facts, agent.now()));
        facts.live().count() as u64
    });
    expect(live == contexts, "Not all contexts are counted.")
}

fn main() -> ExitCode {
    let wished = std::env::args().nth(1).unwrap_or_default();
    for (what, task) in TASKS {
        for contexts in CONTEXTS {
            let name = format!("{what}, {contexts} contexts");
            if !name.contains(&wished) {
                continue;
            }
            if let Err(wrong) = task(contexts) {
                eprintln!("{name}: {wrong}");
                return ExitCode::FAILURE;
            }
            println!("{what}\t{contexts}");
        }
    }
    ExitCode::SUCCESS
}
