//! Tokens that nobody registered: taken in when their issuer vouches for them.

use std::{future::Future, time::Duration};

use stillhere::core::ended::EndedBecause;

use crate::{
    bearer::Bearer,
    issuers::Rejected,
    problem::Problem,
    registration::Registered,
    sessions::Gone,
    state::AppState,
    store::{Issued, Owner, Weight},
};

/// How long what an introspecting issuer said is taken for true by [`AppState::pass`]: as long as a
/// revocation there may go unnoticed here (RFC 7662, section 4).
const ASK_AGAIN: Duration = Duration::from_secs(60);

impl AppState {
    /// Makes a call with a token. One that is not known is shown to the issuers first.
    ///
    /// # Errors
    /// The problem to answer with.
    pub(crate) async fn with<T, F>(
        &self,
        bearer: &Bearer,
        call: impl Fn() -> F,
    ) -> Result<T, Problem>
    where
        F: Future<Output = Result<T, Gone>>,
    {
        match call().await {
            Err(Gone::Unknown) if self.admit(bearer).await? => Ok(call().await?),
            result => Ok(result?),
        }
    }

    /// Takes a token in if an issuer vouches for it. False if none does.
    async fn admit(&self, bearer: &Bearer) -> Result<bool, Problem> {
        if self.issuers().is_empty() {
            return Ok(false);
        }
        self.limits().stranger(bearer.from)?;
        let now = self.now_ms();
        let mut unreachable = None;
        for (number, issuer) in self.issuers().iter().enumerate() {
            let identity = match issuer.identify(bearer.expose(), now).await {
                Ok(identity) => identity,
                Err(Rejected::Invalid(why)) => {
                    tracing::debug!(number, why, "an issuer did not vouch for a token");
                    continue;
                }
                Err(Rejected::Unreachable(why)) => {
                    tracing::warn!(number, why, "an issuer could not be asked");
                    unreachable = Some(why);
                    continue;
                }
            };
            let (user, sign_in) = (identity.user, identity.sign_in);
            let owner = Owner { user, sign_in, groups: identity.groups };
            let by = u8::try_from(number).unwrap_or(u8::MAX);
            let issued = Issued { by, expires_at: identity.expires_at_ms, asked_at: now };
            return match self.accept(bearer.key, owner, Some(issued)).await? {
                // Another call with it may have come first.
                Registered::New(..) | Registered::Known => Ok(true),
                Registered::SignInOver(because) => Err(Gone::Ended(because).into()),
            };
        }
        if unreachable.is_some() { Err(Problem::issuer_unreachable()) } else { Ok(false) }
    }

    /// Whether a request with that token may pass: besides being alive it must not have run out at its
    /// issuer, and an issuer that is asked about tokens still has to vouch for it. Whoever only says
    /// that its user is present is not held to that: a page may renew its token a moment late.
    pub(crate) async fn pass(&self, bearer: &Bearer) -> Result<(), Problem> {
        if self.issuers().is_empty() {
            return Ok(());
        }
        let issued = self.read(&bearer.key, |record, now, _| (record.issued, now)).await?;
        let Some((Some(issued), now)) = issued else { return Ok(()) };
        if issued.expires_at.is_some_and(|at| at <= now) {
            return Err(Problem::token_ran_out());
        }
        let known_until = issued.asked_at.saturating_add(crate::clock::millis(ASK_AGAIN));
        let issuer =
            self.issuers().get(usize::from(issued.by)).filter(|issuer| issuer.can_revoke());
        let Some(issuer) = issuer.filter(|_| known_until <= now) else { return Ok(()) };
        match issuer.identify(bearer.expose(), now).await {
            Ok(identity) => {
                let again = Issued { expires_at: identity.expires_at_ms, asked_at: now, ..issued };
                self.apply(&bearer.key, |record, _, _| {
                    record.issued = Some(again);
                    ((), Weight::Activity)
                })
                .await?;
                Ok(())
            }
            Err(Rejected::Invalid(_)) => {
                let because = EndedBecause::Revoked;
                self.end(&bearer.key, because).await?;
                Err(Gone::Ended(because).into())
            }
            Err(Rejected::Unreachable(why)) => {
                // It was good a moment ago, and an issuer that is down must not stop everybody's work.
                tracing::warn!(why, "an issuer could not be asked again about a token");
                Ok(())
            }
        }
    }
}
