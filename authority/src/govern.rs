//! Policies and logs: what administrators write, and what they read.

use serde_json::Value;

use crate::{
    journal::AuditLine,
    policy::{Layer, Scope, Stored},
    state::AppState,
    store::{Key, Log, Rule, StoreError, Whose, Written},
    wire::rfc3339,
};

/// A policy that the store holds and this version cannot read.
fn unreadable(scope: &Scope, why: &str) -> StoreError {
    StoreError(format!("the policy of {scope} that it holds cannot be read: {why}"))
}

fn parse(scope: &Scope, text: &str) -> Result<Stored, StoreError> {
    serde_json::from_str(text).map_err(|why| unreadable(scope, &why.to_string()))
}

impl AppState {
    /// Reads all policies from the store, whose version is `at_least` that from then on.
    pub(crate) async fn read_policies(&self, at_least: u64) -> Result<(), StoreError> {
        while !self.read_policies_once(at_least).await? {}
        self.tell_all();
        Ok(())
    }

    /// False if others were taken in meanwhile, as in [`AppState::read_policy`].
    async fn read_policies_once(&self, at_least: u64) -> Result<bool, StoreError> {
        let asked = self.policies().version();
        let (version, known) = self.store().policies(at_least).await?;
        let version = version.max(asked);
        for (scope, text) in &known {
            if !self.take_in(scope, Some(text), version)? {
                return Ok(false);
            }
        }
        let gone = self.policies().scopes().into_iter();
        for scope in gone.filter(|scope| known.iter().all(|(other, _)| other != scope)) {
            if !self.take_in(&scope, None, version)? {
                return Ok(false);
            }
        }
        self.policies().raise(version);
        Ok(true)
    }

    /// Reads one policy from the store, and lets those know whom it concerns.
    pub(crate) async fn read_policy(&self, scope: &Scope) -> Result<(), StoreError> {
        loop {
            // A store that lost what came last is at a lower version than before, and is believed.
            let asked = self.policies().version();
            let (version, text) = self.store().policy(scope).await?;
            // What was taken in since may be newer than what was read: then it is read again.
            if self.take_in(scope, text.as_deref(), version.max(asked))? {
                break;
            }
        }
        self.tell(scope);
        Ok(())
    }

    /// A layer as the store has it, for whoever changes a part of it, and the version of the policies.
    pub(crate) async fn kept_policy(&self, scope: &Scope) -> Result<(u64, Layer), StoreError> {
        let (version, text) = self.store().policy(scope).await?;
        let stored = text.map(|text| parse(scope, &text)).transpose()?;
        Ok((version, stored.map(|stored| stored.layer).unwrap_or_default()))
    }

    /// False if the policies are newer than that version.
    fn take_in(&self, scope: &Scope, text: Option<&str>, version: u64) -> Result<bool, StoreError> {
        let stored = text.map(|text| parse(scope, text)).transpose()?;
        if stored == self.policies().stored(scope) && version <= self.policies().version() {
            return Ok(true);
        }
        let put = self.policies().put(scope, stored, version, self.now_ms());
        put.map_err(|why| unreadable(scope, &why))
    }

    fn tell(&self, scope: &Scope) {
        match scope {
            Scope::User(user) => self.hub().wake_user(user),
            Scope::Organization | Scope::Group(_) => self.tell_all(),
        }
    }

    /// Writes a policy, or removes it. It applies at once, to live sessions too: the streams are told,
    /// and sessions whose deadline came nearer are looked at. A caller who hangs up stops nothing of it:
    /// what is kept must be in force.
    pub(crate) async fn write_policy(
        &self,
        by: &str,
        scope: Scope,
        layer: Option<Layer>,
        expected: Option<u64>,
    ) -> Result<Written, StoreError> {
        let (state, by) = (self.clone(), by.to_owned());
        let write = async move { state.keep_policy(&by, scope, layer, expected).await };
        let written = tokio::spawn(write).await;
        written.map_err(|why| StoreError(format!("a policy was not written: {why}")))?
    }

    async fn keep_policy(
        &self,
        by: &str,
        scope: Scope,
        layer: Option<Layer>,
        expected: Option<u64>,
    ) -> Result<Written, StoreError> {
        let now = self.now_ms();
        let before = self.policies().stored(&scope);
        let stored = layer.filter(|layer| !layer.is_empty()).map(|layer| {
            let same = before.as_ref().filter(|b| b.layer.logout_daily == layer.logout_daily);
            Stored { logout_since: same.map_or(now, |before| before.logout_since), layer }
        });
        let text = stored.as_ref().map(|stored| json(stored).to_string());
        let audit = |version| {
            let act = if stored.is_some() { "policy.write" } else { "policy.remove" };
            let line = AuditLine {
                version: Some(version),
                before: before.as_ref().map(|stored| json(&stored.layer)),
                after: stored.as_ref().map(|stored| json(&stored.layer)),
                ..audit_line(now, by, act, scope.to_string())
            };
            json(&line).to_string()
        };
        let rule = Rule { scope: &scope, text: text.as_deref(), expected, now, audit: &audit };
        let written = self.store().write_policy(rule).await?;
        if let Written::Version(version) = written {
            // Two that write at the same time can come here in the other order than they wrote.
            if self.take_in(&scope, text.as_deref(), version)? {
                self.tell(&scope);
            } else {
                self.read_policy(&scope).await?;
            }
            // It takes a while where there are many; whoever calls in between is judged by the new
            // policy all the same.
            tokio::spawn(look_again(self.clone(), scope));
        }
        Ok(written)
    }

    /// Notes what an administrator did.
    pub(crate) async fn audit(
        &self,
        by: &str,
        act: &str,
        target: String,
    ) -> Result<(), StoreError> {
        let line = json(&audit_line(self.now_ms(), by, act, target)).to_string();
        self.store().append(Log::Audit, line).await
    }
}

fn audit_line(now: u64, by: &str, act: &str, target: String) -> AuditLine {
    AuditLine {
        at: rfc3339(now),
        by: by.to_owned(),
        act: act.to_owned(),
        target,
        version: None,
        before: None,
        after: None,
    }
}

/// Strings, integers and lists of them always serialize.
fn json(value: &impl serde::Serialize) -> Value {
    serde_json::to_value(value).unwrap_or_default()
}

/// Looks at the sessions that a policy concerns, so that their timers follow it.
async fn look_again(state: AppState, scope: Scope) {
    let whose = match &scope {
        Scope::User(user) => Whose::User(user),
        Scope::Organization | Scope::Group(_) => Whose::Everybody,
    };
    let keys: Result<Vec<Key>, _> = state.store().find(whose).await;
    let looked = async {
        for (number, key) in keys?.iter().enumerate() {
            state.read(key, |_, _, _| ()).await?;
            if number % 256 == 255 {
                tokio::task::yield_now().await;
            }
        }
        Ok::<_, StoreError>(())
    };
    if let Err(error) = looked.await {
        tracing::error!(%error, %scope, "not all sessions were looked at after a policy changed");
    }
}
