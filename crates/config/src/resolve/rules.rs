//! What raises an alert, and where alerts go.

use razz_alert::{Direction, Draft, Rule, Schedule, ScheduleError, When};
use razz_base::CameraId;
use url::Url;

use super::Resolver;
use crate::document::At;
use crate::resolved::{Alert, Apprise, Area, Camera, Channel, Mail, Ntfy, Telegram};
use crate::written::{self, ABOVE, BELOW, NTFY_PRIORITY, WAYS};

/// Most rules: each looks at everything that happens.
const MAX_RULES: usize = 200;
/// What mail goes by.
const MAIL: &str = "`server` of [alert.mail] expects an address such as \
                    \"smtps://user:secret@mail.example\", or smtp:// for STARTTLS";

impl Resolver<'_, '_> {
    pub(super) fn rules(
        &mut self,
        written: Vec<At<written::Rule>>,
        cameras: Option<&[Camera]>,
        areas: Option<&[Area]>,
        alert: Option<&Alert>,
    ) -> Option<Vec<Rule>> {
        let mut rules: Vec<(Rule, usize)> = Vec::new();
        let mut all = true;
        for At { value, at } in written {
            let name_at = value.name.at;
            let Some(rule) = self.rule(value, at, cameras, areas, alert) else {
                all = false;
                continue;
            };
            if let Some((_, first)) = rules.iter().find(|(other, _)| other.name == rule.name) {
                let message = format!(
                    "the rule on line {} is called {:?} as well; give each its own name",
                    self.problems.line(*first),
                    rule.name
                );
                self.problems.add(name_at, message);
                all = false;
            }
            rules.push((rule, name_at));
        }
        if rules.len() > MAX_RULES {
            let message = format!("there are more than {MAX_RULES} rules; take some out");
            self.problems.add(rules[MAX_RULES].1, message);
            all = false;
        }
        all.then(|| rules.into_iter().map(|(rule, _)| rule).collect())
    }

    fn rule(
        &mut self,
        written: written::Rule,
        at: usize,
        cameras: Option<&[Camera]>,
        areas: Option<&[Area]>,
        alert: Option<&Alert>,
    ) -> Option<Rule> {
        let whens = When::ALL.map(|when| (when.as_str(), when));
        let when = self.word("when", &written.when, &whens);
        let [both, ins, outs] = WAYS;
        let ways = [(both, None), (ins, Some(Direction::In)), (outs, Some(Direction::Out))];
        let direction = self.word("direction", &written.direction, &ways);
        let camera = match written.camera.value {
            None => Some(None),
            Some(id) => self.camera_of_rule(id, written.camera.at, cameras).map(Some),
        };
        let for_us = self.span("for", &written.r#for);
        let cooldown_us = self.span("cooldown", &written.cooldown);
        let schedule: Result<Schedule, ScheduleError> = written.schedule.value.parse();
        let schedule = schedule.map_err(|error| {
            self.problems.add(written.schedule.at, format!("`schedule`: {error}"));
        });
        let notify = self.channels(&written.notify.value, alert);
        let limits = [("above", &written.above, ABOVE), ("below", &written.below, BELOW)];
        let mut fits = true;
        for (key, &At { value, at }, (low, high)) in limits {
            if value.is_some_and(|value| !(low..=high).contains(&value)) {
                self.problems.add(at, format!("`{key}` expects a number from {low} to {high}"));
                fits = false;
            }
        }
        let (when, camera, schedule) = (when?, camera?, schedule.ok().filter(|_| fits)?);
        if let (Some(name), Some(areas)) = (&written.area.value, areas) {
            let name = name.trim();
            let is_it = |area: &Area| {
                area.name == name && camera.is_none_or(|camera| camera == area.camera)
            };
            if !areas.iter().any(is_it) {
                let mut masks =
                    cameras.iter().flat_map(|list| list.iter()).flat_map(|it| &it.masks);
                let message = format!(
                    "`area` of [[rule]] is {name:?}, and {}",
                    match camera {
                        _ if masks.any(is_it) =>
                            "that is a mask, in which nothing is seen; name another",
                        Some(_) => "no [[area]] has that name at that camera; draw it first",
                        None => "no [[area]] has that name; draw it first",
                    }
                );
                self.problems.add(written.area.at, message);
                return None;
            }
        }
        let classes = written.classes.value.iter().map(|class| class.value.clone());
        let rule = Rule::new(Draft {
            name: written.name.value.trim().to_owned(),
            when,
            camera,
            area: written.area.value.map(|area| area.trim().into()),
            classes: classes.collect(),
            direction: direction?,
            above: written.above.value,
            below: written.below.value,
            for_us: for_us?,
            cooldown_us: cooldown_us?,
            schedule,
            notify: notify?,
        });
        rule.map_err(|error| self.problems.add(at, error.to_string())).ok()
    }

    fn camera_of_rule(
        &mut self,
        id: i64,
        at: usize,
        cameras: Option<&[Camera]>,
    ) -> Option<CameraId> {
        let id = u32::try_from(id).ok().and_then(CameraId::new).filter(|id| !id.is_ad_hoc());
        let is_there = |id: &CameraId| {
            cameras.is_none_or(|cameras| cameras.iter().any(|camera| camera.id == *id))
        };
        let found = id.filter(is_there);
        if found.is_none() {
            self.problems.add(at, "`camera` of [[rule]] is no camera's `id`");
        }
        found
    }

    fn span(&mut self, key: &str, written: &At<String>) -> Option<i64> {
        let seconds = super::record::seconds(written.value.trim());
        if seconds.is_none() {
            let message = format!("`{key}` expects a time, such as \"30s\" or \"10m\"");
            self.problems.add(written.at, message);
        }
        // What is too long the rule itself refuses.
        seconds.map(|seconds| (seconds * 1e6).min(1e17) as i64)
    }

    fn channels(&mut self, written: &[At<String>], alert: Option<&Alert>) -> Option<Vec<String>> {
        let mut channels = Some(Vec::new());
        for at in written {
            let channel = self.word("notify", at, &Channel::ALL);
            let section = channel.filter(|channel| {
                alert.is_some_and(|alert| !alert.has(*channel))
                    && !matches!(channel, Channel::Mqtt | Channel::Webhook)
            });
            if let Some(section) = section {
                let name = section.name();
                let message =
                    format!("`notify` names {name:?}, and there is no [alert.{name}]; add it");
                self.problems.add(at.at, message);
                channels = None;
            }
            match (channel, &mut channels) {
                (Some(channel), Some(list)) => list.push(channel.name().to_owned()),
                (None, _) => channels = None,
                (Some(_), None) => {}
            }
        }
        channels
    }

    pub(super) fn alert(&mut self, written: written::Alert) -> Option<Alert> {
        let link = match written.link.value.trim() {
            "" => Some(None),
            link => self.web("link", link, written.link.at).map(Some),
        };
        let mail = written.mail.value.0.map(|mail| self.mail(mail));
        let ntfy = written.ntfy.value.0.map(|ntfy| self.ntfy(ntfy));
        let telegram = written.telegram.value.0.map(|telegram| self.telegram(telegram));
        let apprise = written.apprise.value.0.map(|apprise| self.apprise(apprise));
        Some(Alert {
            link: link?,
            mail: mail.map_or(Some(None), |mail| mail.map(Some))?,
            ntfy: ntfy.map_or(Some(None), |ntfy| ntfy.map(Some))?,
            telegram: telegram.map_or(Some(None), |telegram| telegram.map(Some))?,
            apprise: apprise.map_or(Some(None), |apprise| apprise.map(Some))?,
        })
    }

    fn apprise(&mut self, written: written::Apprise) -> Option<Apprise> {
        let at = written.url.at;
        let url = self.secret("url", written.url)?;
        self.web("url", url.reveal(), at).map(|_| Apprise { url })
    }

    fn mail(&mut self, written: written::Mail) -> Option<Mail> {
        let at = written.server.at;
        let server = self.secret("server", written.server)?;
        let parsed = Url::parse(server.reveal()).ok();
        if !parsed.is_some_and(|url| matches!(url.scheme(), "smtp" | "smtps") && url.has_host()) {
            self.problems.add(at, MAIL);
            return None;
        }
        let is_address = |text: &str| {
            let (name, host) = text.rsplit_once('@')?;
            (!name.is_empty() && (host.contains('.') || host == "localhost"))
                .then(|| text.to_owned())
        };
        let expects = |key: &str| format!("`{key}` of [alert.mail] expects e-mail addresses");
        let to = self.each(&written.to.value, |to| is_address(to).ok_or_else(|| expects("to")))?;
        if to.is_empty() {
            self.problems.add(written.to.at, "`to` of [alert.mail] is empty; name somebody");
            return None;
        }
        let from = written.from.value.map(|from| is_address(&from));
        if from == Some(None) {
            self.problems.add(written.from.at, expects("from"));
            return None;
        }
        Some(Mail { server, to, from: from.flatten() })
    }

    fn ntfy(&mut self, written: written::Ntfy) -> Option<Ntfy> {
        let at = written.url.at;
        let url = self.secret("url", written.url)?;
        self.web("url", url.reveal(), at)?;
        let token = self.optional_secret("token", written.token)?;
        let (low, high) = NTFY_PRIORITY;
        let priority = self.whole("priority", &written.priority, low, high)?;
        Some(Ntfy { url, token, priority: priority as u8, snapshots: written.snapshots.value })
    }

    fn telegram(&mut self, written: written::Telegram) -> Option<Telegram> {
        let token = self.secret("token", written.token)?;
        let chat = written.chat.value.trim().to_owned();
        if chat.is_empty() {
            self.problems
                .add(written.chat.at, "`chat` of [alert.telegram] expects a chat's number");
            return None;
        }
        let api = self.web("api", written.api.value.trim(), written.api.at)?;
        Some(Telegram { token, chat, api, snapshots: written.snapshots.value })
    }

    /// An address of the web, without the slash at its end.
    fn web(&mut self, key: &str, text: &str, at: usize) -> Option<String> {
        let fits = Url::parse(text)
            .is_ok_and(|url| matches!(url.scheme(), "http" | "https") && url.has_host());
        if !fits {
            let message = format!("`{key}` expects an address such as \"https://example.org\"");
            self.problems.add(at, message);
            return None;
        }
        Some(text.trim_end_matches('/').to_owned())
    }
}
