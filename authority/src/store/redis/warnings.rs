//! What in a server's setup loses sessions, said once when the store is opened.

use redis::cmd;

use super::link::Link;

/// Looks at the setup. Managed servers refuse to tell; then nothing is said.
pub(super) async fn look(link: &Link) {
    let appendonly = setting(link, "appendonly").await;
    let appendfsync = setting(link, "appendfsync").await;
    let policy = setting(link, "maxmemory-policy").await;
    for warning in warnings(&appendonly, &appendfsync, &policy) {
        tracing::warn!("{warning}");
    }
}

/// The value of a setting, empty if it is not told.
async fn setting(link: &Link, name: &str) -> String {
    let told = link.run::<Vec<(String, String)>>(cmd("CONFIG").arg("GET").arg(name)).await;
    told.ok().and_then(|told| told.into_iter().next()).map_or_else(String::new, |(_, value)| value)
}

fn warnings(appendonly: &str, appendfsync: &str, policy: &str) -> Vec<String> {
    let mut warnings = Vec::new();
    if appendonly == "no" {
        warnings.push(
            "Redis keeps no append-only file: when it ends, revoked tokens come back. Set \
             appendonly yes and appendfsync always"
                .to_owned(),
        );
    } else if appendonly == "yes" && appendfsync == "no" {
        warnings.push(
            "Redis leaves it to the system when its append-only file is written: a power cut undoes \
             revocations. Set appendfsync always"
                .to_owned(),
        );
    }
    if policy.starts_with("allkeys") {
        warnings.push(format!(
            "Redis drops keys when its memory is full (maxmemory-policy {policy}), sessions among \
             them. Set maxmemory-policy noeviction"
        ));
    }
    warnings
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_loses_sessions_is_warned_of_and_nothing_else() {
        let count = |appendonly, fsync, policy| warnings(appendonly, fsync, policy).len();
        assert_eq!(count("no", "everysec", "allkeys-lru"), 2);
        assert_eq!(count("yes", "no", "noeviction"), 1);
        for (appendonly, fsync) in [("yes", "always"), ("yes", "everysec"), ("", "")] {
            assert_eq!(count(appendonly, fsync, "volatile-lru"), 0);
        }
    }
}
