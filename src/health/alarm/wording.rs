//! Alarms in a line for people, in English and French. It never decides what is said, or when.

use super::{Alarm, Event, Member, Message, Subject, Words};

impl Message {
    /// One line for people.
    pub fn title(&self) -> Words {
        self.alarm.title(self.event, &self.about)
    }
}

impl Alarm {
    /// One line for people: how it stands.
    pub fn headline(&self) -> Words {
        let event = match (self.over, self.removed) {
            (None, _) => Event::Raised,
            (Some(_), true) => Event::Removed,
            (Some(_), false) => Event::Recovered,
        };
        self.title(event, &self.sources)
    }

    fn title(&self, event: Event, about: &[Member]) -> Words {
        let of = self.whose(event, about);
        let step = self.step().map(|step| format!(" ({step})")).unwrap_or_default();
        let (en, fr) = (format!("{}{step}", self.reason.en), format!("{}{step}", self.reason.fr));
        let is_sick = about.iter().any(|member| member.state.needs_a_look());
        let others = self.sources.len();
        let (en, fr) = match (event, is_sick) {
            (Event::Raised, _) => (format!("{}: {en}", of.en), format!("{} : {fr}", of.fr)),
            (Event::Joined, _) => (format!("{}, too: {en}", of.en), format!("{} aussi : {fr}", of.fr)),
            (Event::Reminder, _) => (format!("still {}: {en}", of.en), format!("toujours {} : {fr}", of.fr)),
            (Event::Removed, _) => (
                format!("{}: removed from the configuration, was {en}", of.en),
                format!("{} : retiré de la configuration, c’était {fr}", of.fr),
            ),
            (Event::Left, false) => (
                format!("{}: recovered from {en}, which goes on for {others} more", of.en),
                format!("{} : rétabli après {fr}, qui dure pour {others} de plus", of.fr),
            ),
            (Event::Recovered, false) => {
                (format!("{}: recovered from {en}", of.en), format!("{} : rétabli après {fr}", of.fr))
            }
            (Event::Left | Event::Recovered, true) => (
                format!("{}: no longer {en}, but not well yet", of.en),
                format!("{} : ce n’est plus {fr}, mais pas encore rétabli", of.fr),
            ),
        };
        Words { en, fr }
    }

    /// Of whom it is said. Who comes and who goes is named; of a group the message lists them.
    fn whose(&self, event: Event, about: &[Member]) -> Words {
        let names = || about.iter().map(|member| member.name.as_str()).collect::<Vec<_>>().join(", ");
        let both = |text: String| Words { fr: text.clone(), en: text };
        match (&self.subject, event) {
            (Subject::Network, _) => Words { en: "our own network".into(), fr: "notre propre réseau".into() },
            (_, Event::Joined | Event::Left | Event::Removed) => both(names()),
            (_, _) if about.len() == 1 => both(names()),
            (Subject::Profile { profile, .. }, _) => Words {
                en: format!("{} sources of the profile {profile}", about.len()),
                fr: format!("{} sources du profil {profile}", about.len()),
            },
            (Subject::Host { host, .. }, _) => Words {
                en: format!("{} sources on {host}", about.len()),
                fr: format!("{} sources sur {host}", about.len()),
            },
            (Subject::Source { source, .. }, _) => both(source.clone()),
        }
    }
}
