//! Who may do what in a server: pure functions of what its roles say and who holds them.
//!
//! Everything that decides goes through here: the rules of `chat`, the gateway's registry, the sweep of read positions.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::object::Override;
use super::{ChannelId, Permission, Permissions, RoleId};

/// What a role says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Grant {
    /// Which role.
    pub role_id: RoleId,
    /// Higher is stronger; `everyone` is 0.
    pub position: u32,
    /// What it allows.
    pub permissions: Permissions,
}

/// How high a member stands. Equal is not below.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Rank {
    /// The position of their highest role; 0 without any.
    Role(u32),
    /// Above all roles.
    Owner,
}

/// What decides what a member may do in a server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    /// Whether the server is theirs.
    pub owner: bool,
    /// What everybody may do.
    pub everyone: Grant,
    /// The roles they hold beside it.
    pub roles: Vec<Grant>,
}

impl Standing {
    /// What they may do in the server.
    pub fn permissions(&self) -> Permissions {
        if self.owner {
            return Permissions::ALL;
        }
        self.roles.iter().fold(self.everyone.permissions, |all, role| all.with(role.permissions))
    }

    /// What they may do in a channel with these overrides; nothing if they do not see it.
    pub fn in_channel(&self, overrides: &[Override]) -> Permissions {
        if self.owner {
            return Permissions::ALL;
        }
        let mut permissions = self.permissions();
        if let Some(everyone) = overrides.iter().find(|o| o.role_id == self.everyone.role_id) {
            permissions = permissions.without(everyone.deny).with(everyone.allow);
        }
        let (mut allow, mut deny) = (Permissions::NONE, Permissions::NONE);
        for of_role in overrides.iter().filter(|o| self.roles.iter().any(|role| role.role_id == o.role_id)) {
            allow = allow.with(of_role.allow);
            deny = deny.with(of_role.deny);
        }
        permissions = permissions.without(deny).with(allow);
        if permissions.has(Permission::ViewChannel) { permissions } else { Permissions::NONE }
    }

    /// How high they stand.
    pub fn rank(&self) -> Rank {
        if self.owner {
            Rank::Owner
        } else {
            Rank::Role(self.roles.iter().map(|role| role.position).max().unwrap_or(0))
        }
    }

    /// Whether they may act on that member.
    pub fn outranks(&self, other: &Self) -> bool {
        self.rank() > other.rank()
    }

    /// Whether they may act on a role at this position.
    pub fn is_above(&self, position: u32) -> bool {
        self.rank() > Rank::Role(position)
    }
}

/// What makes members see alike: whether they own the server, and the roles they hold (ascending). A role that is no
/// more counts for nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Badges {
    /// Whether the server is theirs.
    pub owner: bool,
    /// The roles beside `everyone`.
    pub roles: Vec<RoleId>,
}

/// What decides, together with a member's [`Badges`], which channels of a server they see.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rules {
    /// What `everyone` may do.
    pub everyone: Grant,
    /// The other roles.
    pub roles: Vec<Grant>,
    /// The overrides of channels where some concern [`Permission::ViewChannel`]; what is not here has none.
    pub overrides: BTreeMap<ChannelId, Vec<Override>>,
}

/// The channels of a server that some members see: all or none, but for a few.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sight {
    most: bool,
    others: BTreeSet<ChannelId>,
}

impl Sight {
    /// Whether they see this channel.
    pub fn has(&self, channel: ChannelId) -> bool {
        self.most != self.others.contains(&channel)
    }
}

impl Rules {
    /// The standing of a member with these badges.
    pub fn standing(&self, badges: &Badges) -> Standing {
        let held = self.roles.iter().filter(|role| badges.roles.binary_search(&role.role_id).is_ok());
        Standing { owner: badges.owner, everyone: self.everyone, roles: held.copied().collect() }
    }

    /// Which channels members with these badges see.
    pub fn sight(&self, badges: &Badges) -> Sight {
        let standing = self.standing(badges);
        let sees = |overrides: &[Override]| standing.in_channel(overrides).has(Permission::ViewChannel);
        let most = sees(&[]);
        let others = self.overrides.iter().filter(|(_, overrides)| sees(overrides) != most);
        Sight { most, others: others.map(|(channel, _)| *channel).collect() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const EVERYONE: RoleId = RoleId(1);
    const LOW: RoleId = RoleId(2);
    const HIGH: RoleId = RoleId(3);
    const SUBJECTS: [RoleId; 3] = [EVERYONE, LOW, HIGH];

    /// What the contract says of one permission, step by step, in its own words.
    fn reference(owner: bool, held: [bool; 3], granted: [bool; 3], overrides: [Option<bool>; 3]) -> bool {
        if owner {
            return true;
        }
        let mut may = false;
        for subject in 0..3 {
            if held[subject] && granted[subject] {
                may = true;
            }
        }
        match overrides[0] {
            Some(true) => may = true,
            Some(false) => may = false,
            None => {}
        }
        for (said, result) in [(Some(false), false), (Some(true), true)] {
            for subject in 1..3 {
                if held[subject] && overrides[subject] == said {
                    may = result;
                }
            }
        }
        may
    }

    /// Every way in which one permission can stand in three roles and in their overrides.
    fn ways() -> Vec<([bool; 3], [Option<bool>; 3])> {
        let overrides = [None, Some(true), Some(false)];
        let granted = (0..8).map(|bits| [bits & 1 > 0, bits & 2 > 0, bits & 4 > 0]);
        let ways = granted.flat_map(|granted| {
            (0..27).map(move |n| (granted, [overrides[n % 3], overrides[n / 3 % 3], overrides[n / 9]]))
        });
        ways.collect()
    }

    fn set(permission: Permission, is_in: bool) -> Permissions {
        if is_in { Permissions::of(&[permission]) } else { Permissions::NONE }
    }

    #[test]
    fn every_case_is_as_the_slow_reference_says() {
        // Two permissions are all that can matter to each other: another one, and to see the channel at all.
        let (view, other) = (Permission::ViewChannel, Permission::SendMessages);
        let ways = ways();
        for owner in [false, true] {
            for held in [[true, false, false], [true, true, false], [true, false, true], [true, true, true]] {
                for (granted_view, overrides_view) in &ways {
                    for (granted, overrides) in &ways {
                        let grant = |subject: usize| Grant {
                            role_id: SUBJECTS[subject],
                            position: subject as u32,
                            permissions: set(view, granted_view[subject]).with(set(other, granted[subject])),
                        };
                        let standing = Standing {
                            owner,
                            everyone: grant(0),
                            roles: (1..3).filter(|subject| held[*subject]).map(grant).collect(),
                        };
                        let said = |subject: usize, way: bool| {
                            set(view, overrides_view[subject] == Some(way))
                                .with(set(other, overrides[subject] == Some(way)))
                        };
                        let list = [0, 1, 2].map(|subject| Override {
                            role_id: SUBJECTS[subject],
                            allow: said(subject, true),
                            deny: said(subject, false),
                        });
                        let found = standing.in_channel(&list);
                        let sees = reference(owner, held, *granted_view, *overrides_view);
                        let may = sees && reference(owner, held, *granted, *overrides);
                        assert_eq!((found.has(view), found.has(other)), (sees, may), "{standing:?} {list:?}");
                        assert_eq!(
                            standing.permissions().has(other),
                            reference(owner, held, *granted, [None; 3]),
                            "{standing:?}"
                        );
                    }
                }
            }
        }
    }

    #[test]
    fn equal_is_not_below_and_the_owner_is_above_all() {
        let everyone = Grant { role_id: EVERYONE, position: 0, permissions: Permissions::NONE };
        let role = |position: u32| Grant { role_id: RoleId(i64::from(position) + 10), position, ..everyone };
        let people: Vec<(bool, Vec<u32>)> = vec![
            (false, vec![]),
            (false, vec![1]),
            (false, vec![2, 1]),
            (false, vec![1, 3]),
            (true, vec![]),
            (true, vec![1]),
        ];
        let standing = |(owner, positions): &(bool, Vec<u32>)| Standing {
            owner: *owner,
            everyone,
            roles: positions.iter().map(|position| role(*position)).collect(),
        };
        let height = |(owner, positions): &(bool, Vec<u32>)| {
            if *owner { u32::MAX } else { positions.iter().copied().max().unwrap_or(0) }
        };
        for one in &people {
            for other in &people {
                assert_eq!(standing(one).outranks(&standing(other)), height(one) > height(other), "{one:?} {other:?}");
            }
            for position in 0..5 {
                assert_eq!(standing(one).is_above(position), height(one) > position, "{one:?} {position}");
            }
        }
    }

    #[test]
    fn sight_is_what_the_standing_sees_channel_by_channel() {
        let grant =
            |role_id, position, sees| Grant { role_id, position, permissions: set(Permission::ViewChannel, sees) };
        let (view, none) = (Permissions::of(&[Permission::ViewChannel]), Permissions::NONE);
        for everyone_sees in [true, false] {
            let rules = Rules {
                everyone: grant(EVERYONE, 0, everyone_sees),
                roles: vec![grant(LOW, 1, false), grant(HIGH, 2, true)],
                overrides: [
                    (ChannelId(10), vec![Override { role_id: EVERYONE, allow: none, deny: view }]),
                    (
                        ChannelId(11),
                        vec![
                            Override { role_id: EVERYONE, allow: none, deny: view },
                            Override { role_id: LOW, allow: view, deny: none },
                        ],
                    ),
                    (ChannelId(12), vec![Override { role_id: HIGH, allow: none, deny: view }]),
                ]
                .into(),
            };
            let gone = RoleId(99);
            for roles in [vec![], vec![LOW], vec![HIGH], vec![LOW, HIGH], vec![LOW, gone]] {
                for owner in [false, true] {
                    let badges = Badges { owner, roles: roles.clone() };
                    let sight = rules.sight(&badges);
                    for channel in (9..14).map(ChannelId) {
                        let overrides = rules.overrides.get(&channel).map(Vec::as_slice).unwrap_or_default();
                        let sees = rules.standing(&badges).in_channel(overrides).has(Permission::ViewChannel);
                        assert_eq!(sight.has(channel), sees, "{badges:?} {channel}");
                    }
                }
            }
        }
    }
}
