//! A server's sessions by what their people see. Members with the same badges see the same channels, so that is worked
//! out once for each set of badges, not for each member.

use std::collections::HashMap;
use std::sync::Arc;

use indexmap::IndexMap;

use super::session::{Key, Session};
use crate::model::authority::Sight;
use crate::model::{Badges, ChannelId, Rules, Turn};

/// The sessions of people with the same badges.
struct Class {
    sessions: IndexMap<Key, Arc<Session>>,
    sees: Sight,
    /// What they saw by the rules before.
    saw: Sight,
}

/// The sessions of a server's members.
pub(super) struct Community {
    rules: Rules,
    classes: HashMap<Badges, Class>,
}

impl Community {
    pub(super) fn new(rules: Rules) -> Self {
        Self { rules, classes: HashMap::new() }
    }

    pub(super) fn add(&mut self, badges: &Badges, session: &Arc<Session>) {
        if !self.classes.contains_key(badges) {
            let sees = self.rules.sight(badges);
            let class = Class { sessions: IndexMap::new(), saw: sees.clone(), sees };
            self.classes.insert(badges.clone(), class);
        }
        if let Some(class) = self.classes.get_mut(badges) {
            class.sessions.insert(session.key, Arc::clone(session));
        }
    }

    pub(super) fn remove(&mut self, badges: &Badges, key: Key) {
        if let Some(class) = self.classes.get_mut(badges) {
            class.sessions.swap_remove(&key);
            if class.sessions.is_empty() {
                self.classes.remove(badges);
            }
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.classes.is_empty()
    }

    /// From now on these rules decide; what everybody saw until now is kept for [`Community::turned`].
    pub(super) fn set_rules(&mut self, rules: Rules) {
        self.rules = rules;
        for (badges, class) in &mut self.classes {
            class.saw = std::mem::replace(&mut class.sees, self.rules.sight(badges));
        }
    }

    /// Everybody's.
    pub(super) fn sessions(&self) -> impl Iterator<Item = &Arc<Session>> {
        self.classes.values().flat_map(|class| class.sessions.values())
    }

    /// Of those who see the channel.
    pub(super) fn seeing(&self, channel: ChannelId) -> impl Iterator<Item = &Arc<Session>> {
        let seeing = self.classes.values().filter(move |class| class.sees.has(channel));
        seeing.flat_map(|class| class.sessions.values())
    }

    /// Of those whose sight of the channel the last change of rules turned so.
    pub(super) fn turned(&self, channel: ChannelId, turn: Turn) -> impl Iterator<Item = &Arc<Session>> {
        let (saw, sees) = match turn {
            Turn::Gained => (false, true),
            Turn::Lost => (true, false),
            Turn::Kept => (true, true),
        };
        let classes = self.classes.values();
        let turned = classes.filter(move |class| class.saw.has(channel) == saw && class.sees.has(channel) == sees);
        turned.flat_map(|class| class.sessions.values())
    }
}
