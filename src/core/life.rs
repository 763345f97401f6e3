//! The life of a page: seen or not, gone, back, signed out, with another token.

use super::agent::{Agent, Join};
use super::ended::EndedBecause;
use super::facts::TokenId;
use super::input::Departure;
use super::output::What;
use super::share::JOIN_MS;

impl Agent {
    pub(super) fn on_visible(&mut self, visible: bool) {
        if self.me.visible != visible && self.facts.ended.is_none() {
            self.me.visible = visible;
            self.urgent();
        }
    }

    pub(super) fn on_leaving(&mut self, departure: Departure) {
        if self.away || self.facts.ended.is_some() {
            self.away = true;
            return;
        }
        self.away = true;
        self.stop_sending();
        self.leave_stream();
        self.me.visible = false;
        self.me.left = departure == Departure::Hidden;
        self.me.asleep = !self.me.left;
        self.write_row();
        let last = self.peers().all(|(_, row)| row.asleep);
        let now = self.now();
        let over = self.due().is_some_and(|due| now >= due.end_at);
        let times = &self.facts.times;
        let untold = times.activity > times.acknowledged
            || times.holds.values().any(|hold| hold.is_news(now));
        if last && !over && untold {
            self.flush();
        }
        self.tell();
    }

    pub(super) fn on_returned(&mut self) {
        if !self.away {
            return;
        }
        self.away = false;
        self.me.left = false;
        self.me.asleep = false;
        if self.facts.ended.is_none() {
            self.rejoin(Join::Waiting { until: self.now() + JOIN_MS });
        }
    }

    pub(super) fn on_token_changed(&mut self, token: TokenId) {
        if self.facts.ended.is_some() {
            return;
        }
        self.stop_sending();
        self.leave_stream();
        self.me.token = token;
        // Nobody has told the authority of this token's activity yet, nor of a hold. The deadline stays
        // where it was.
        let told = ::core::mem::take(&mut self.facts.times.acknowledged);
        self.keep_locked(told + 1);
        let times = &mut self.facts.times;
        times.activity = times.activity.max(told);
        for hold in times.holds.values_mut() {
            hold.told = false;
        }
        self.rejoin(Join::Moving { until: self.now() + JOIN_MS });
    }

    pub(super) fn rejoin(&mut self, join: Join) {
        self.join = join;
        self.greet_all();
    }

    pub(super) fn on_sign_out(&mut self, because: EndedBecause) {
        if self.facts.ended.is_none() {
            self.stop_sending();
            self.end(because);
            self.facts.everywhere = true;
            self.request(What::End(because));
        }
    }
}
