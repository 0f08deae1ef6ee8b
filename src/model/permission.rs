//! What a member may do: a set of permissions. Who has which is decided in `authority`.

#[cfg(test)]
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::ser::SerializeSeq;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

macro_rules! permissions {
    ($($(#[$doc:meta])* $name:ident = $text:literal,)*) => {
        /// One thing that a member may do. The discriminant is the stored bit: append only.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[repr(u8)]
        pub enum Permission { $($(#[$doc])* $name,)* }

        impl Permission {
            /// All, in the order of the API page.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// The name on the wire.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $text,)* }
            }
        }
    };
}

permissions! {
    /// See the channel and read it; without it the channel does not exist for the member.
    ViewChannel = "view_channel",
    /// Write messages.
    SendMessages = "send_messages",
    /// Add files to messages.
    AttachFiles = "attach_files",
    /// React to messages.
    AddReactions = "add_reactions",
    /// Mention `@everyone` and roles.
    MentionEveryone = "mention_everyone",
    /// Delete others' messages, pin.
    ManageMessages = "manage_messages",
    /// Create, change and delete channels.
    ManageChannels = "manage_channels",
    /// Invite people.
    CreateInvite = "create_invite",
    /// Remove members.
    KickMembers = "kick_members",
    /// Ban people.
    BanMembers = "ban_members",
    /// Change roles below one's own.
    ManageRoles = "manage_roles",
    /// Change the server itself.
    ManageServer = "manage_server",
}

/// A set of [`Permission`]s.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Permissions(u16);

impl Permissions {
    /// No permission.
    pub const NONE: Self = Self(0);

    /// Every permission: what an owner has.
    pub const ALL: Self = Self((1 << Permission::ALL.len()) - 1);

    /// What the `everyone` role of a new server allows.
    pub const EVERYONE: Self = Self::of(&[
        Permission::ViewChannel,
        Permission::SendMessages,
        Permission::AttachFiles,
        Permission::AddReactions,
        Permission::CreateInvite,
    ]);

    /// The set of these.
    pub const fn of(mut permissions: &[Permission]) -> Self {
        let mut bits = 0;
        while let [first, rest @ ..] = permissions {
            bits |= 1 << (*first as u8);
            permissions = rest;
        }
        Self(bits)
    }

    /// From the stored number; bits that no permission has are dropped.
    pub const fn from_bits(bits: u16) -> Self {
        Self(bits & Self::ALL.0)
    }

    /// The number to store.
    pub const fn bits(self) -> u16 {
        self.0
    }

    /// Whether `permission` is in the set.
    pub const fn has(self, permission: Permission) -> bool {
        self.0 & (1 << permission as u8) != 0
    }

    /// What is in either set.
    #[must_use]
    pub const fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// What is not in the other set.
    #[must_use]
    pub const fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    /// What is in both sets.
    #[must_use]
    pub const fn in_both(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// What is in one of the sets alone.
    #[must_use]
    pub const fn changed(self, other: Self) -> Self {
        Self(self.0 ^ other.0)
    }

    /// The members of the set.
    pub fn iter(self) -> impl Iterator<Item = Permission> {
        Permission::ALL.iter().copied().filter(move |p| self.has(*p))
    }
}

impl Serialize for Permissions {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut list = serializer.serialize_seq(None)?;
        for permission in self.iter() {
            list.serialize_element(permission.as_str())?;
        }
        list.end()
    }
}

impl<'de> Deserialize<'de> for Permissions {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let names = Vec::<String>::deserialize(deserializer)?;
        let mut all = Self::NONE;
        for name in names {
            let known = Permission::ALL.iter().find(|permission| permission.as_str() == name);
            let Some(&permission) = known else {
                return Err(de::Error::custom("must hold names of permissions alone"));
            };
            if all.has(permission) {
                return Err(de::Error::custom("must not name a permission twice"));
            }
            all = all.with(Self::of(&[permission]));
        }
        Ok(all)
    }
}

#[cfg(test)]
impl JsonSchema for Permissions {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Permissions".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let names: Vec<_> = Permission::ALL.iter().map(|p| p.as_str()).collect();
        json_schema!({"type": "array", "uniqueItems": true, "items": {"type": "string", "enum": names}})
    }
}

#[cfg(test)]
mod tests {
    use super::{Permission, Permissions};

    #[test]
    fn sets_hold_what_was_put_in() {
        for &p in Permission::ALL {
            assert!(Permissions::ALL.has(p) && !Permissions::NONE.has(p));
            assert_eq!(Permissions::of(&[p]).iter().collect::<Vec<_>>(), [p]);
        }
        assert_eq!(Permissions::from_bits(u16::MAX), Permissions::ALL);
        let parse = |text: &str| serde_json::from_str::<Permissions>(text);
        assert_eq!(parse("[]").unwrap(), Permissions::NONE);
        let all = serde_json::to_string(&Permissions::ALL).unwrap();
        assert_eq!(parse(&all).unwrap(), Permissions::ALL);
        for bad in [r#"["fly"]"#, r#"["view_channel","view_channel"]"#, r#""view_channel""#, "[1]", "3"] {
            assert!(parse(bad).is_err(), "{bad}");
        }
        assert_eq!(
            serde_json::to_string(&Permissions::EVERYONE).unwrap(),
            r#"["view_channel","send_messages","attach_files","add_reactions","create_invite"]"#
        );
    }
}
