//! A server of many members, written into the database by chatd's own library while no server runs on it: registering
//! 10,000 would take minutes of argon2.

use std::path::Path;
use std::sync::Arc;

use chatd::auth::Keys;
use chatd::bench::Outcome;
use chatd::bench::people::Place;
use chatd::chat::{Caller, Chat, Config, Shared};
use chatd::model::name::{ServerName, Username};
use chatd::model::object::{Channel, ChannelKind, Override, Role};
use chatd::model::{
    ChannelId, Event, Outlet, Permission, Permissions, Result, RoleId, ServerId, SessionId, Settings, Timestamp, UserId,
};
use chatd::store::{self, Store, Tx};

/// In a server with roles every third channel is closed to all but some of them.
const CLOSED: usize = 3;
const ROLES_EACH: usize = 3;
/// Members written in one job.
const AT_ONCE: usize = 500;

/// What is to be there.
#[derive(Clone, Copy)]
pub struct Plan {
    pub members: usize,
    pub channels: usize,
    pub roles: usize,
}

/// What is there.
pub struct Crowd {
    pub server: ServerId,
    pub channels: Vec<ChannelId>,
    pub members: Vec<UserId>,
    sessions: Vec<SessionId>,
    keys: Keys,
}

/// Nobody is connected to what is written here.
struct Nobody;

impl Outlet for Nobody {
    fn publish(&self, commit: &mut dyn FnMut() -> Option<Vec<Event>>) {
        commit();
    }
}

/// The chat over the data of a server that does not run, as the server itself would open it.
pub fn open(data: &Path) -> Outcome<Chat> {
    let store = Store::open(&data.join("chatd.db"), "", Arc::new(Nobody)).map_err(|error| error.to_string())?;
    let config = Config {
        otherwise: Settings::default(),
        given: Vec::new(),
        is_local: true,
        public_url: String::new(),
        allowed_origins: Vec::new(),
        heartbeat_interval: chatd::model::limits::HEARTBEAT_INTERVAL,
    };
    let shared = Shared::new(config, keys(data)?);
    Ok(Chat::new(store, Arc::new(shared)))
}

fn keys(data: &Path) -> Outcome<Keys> {
    let key = std::fs::read(data.join("key")).map_err(|error| format!("no key in {}: {error}", data.display()))?;
    let key = <[u8; 32]>::try_from(key).map_err(|_| "the key has another length")?;
    Ok(Keys::from_bytes(&key))
}

impl Crowd {
    /// Fills the data of a server that has been started once.
    pub fn gather(data: &Path, plan: Plan) -> Outcome<Self> {
        eprintln!("  writing {} members", plan.members);
        let chat = open(data)?;
        let base = chat.store().write(move |tx| found(tx, plan)).map_err(|error| error.to_string())?;
        let Base { server, channels, roles } = base;
        let (mut members, mut sessions) = (Vec::new(), Vec::new());
        for from in (0..plan.members).step_by(AT_ONCE) {
            let roles = roles.clone();
            let some = chat.store().write(move |tx| {
                let some = from..plan.members.min(from + AT_ONCE);
                some.map(|number| join(tx, server, &roles, number)).collect::<Result<Vec<_>>>()
            });
            let (some, their_sessions): (Vec<_>, Vec<_>) = some.map_err(|error| error.to_string())?.into_iter().unzip();
            members.extend(some);
            sessions.extend(their_sessions);
        }
        chat.store().close();
        Ok(Self { server, channels, members, sessions, keys: keys(data)? })
    }

    /// An access token of the member with this number.
    pub fn token(&self, number: usize) -> Outcome<String> {
        let now = Timestamp::now();
        self.keys.issue_access(self.members[number], self.sessions[number], now).map_err(|error| error.to_string())
    }

    /// A channel that all members see and may write in, and all of them.
    pub fn place(&self) -> Outcome<Place> {
        Ok(Place {
            messages: format!("/api/rest/channels/{}/messages", self.channels[1]),
            tokens: (0..self.members.len()).map(|number| self.token(number)).collect::<Outcome<_>>()?,
        })
    }

    pub fn caller(&self, number: usize) -> Caller {
        Caller { user_id: self.members[number], session_id: self.sessions[number], is_admin: false }
    }
}

struct Base {
    server: ServerId,
    channels: Vec<ChannelId>,
    roles: Vec<RoleId>,
}

/// The server, its roles and its channels, and an owner.
fn found(tx: &mut Tx<'_>, plan: Plan) -> Result<Base> {
    let owner = person(tx, "owner")?;
    let server = ServerId(tx.next_id());
    store::servers::add(tx.db, server, &ServerName::parse("crowd").expect("a name"), "", owner, tx.now)?;
    store::servers::add_member(tx.db, server, owner, tx.now)?;
    let mut roles = Vec::new();
    for position in 1..=plan.roles {
        let role = Role {
            role_id: RoleId(tx.next_id()),
            name: format!("role {position}"),
            color: 0,
            position: u32::try_from(position).expect("few"),
            permissions: Permissions::of(&[Permission::MentionEveryone]),
        };
        store::roles::add(tx.db, server, &role)?;
        roles.push(role.role_id);
    }
    let mut channels = Vec::new();
    for position in 0..plan.channels {
        let channel = channel(tx, server, position, &roles);
        store::channels::add(tx.db, &channel)?;
        channels.push(channel.channel_id);
    }
    Ok(Base { server, channels, roles })
}

fn channel(tx: &mut Tx<'_>, server: ServerId, position: usize, roles: &[RoleId]) -> Channel {
    let view = Permissions::of(&[Permission::ViewChannel]);
    let mut overrides = Vec::new();
    if position.is_multiple_of(CLOSED) && !roles.is_empty() {
        overrides.push(Override { role_id: server.into(), allow: Permissions::NONE, deny: view });
        let open_to = roles.iter().filter(|role| role.0 % 5 == position as i64 % 5);
        overrides.extend(open_to.map(|role| Override { role_id: *role, allow: view, deny: Permissions::NONE }));
    }
    Channel {
        channel_id: ChannelId(tx.next_id()),
        server_id: Some(server),
        kind: ChannelKind::Text,
        parent_id: None,
        name: format!("channel-{position}"),
        topic: String::new(),
        position: u32::try_from(position).expect("few"),
        last_message_id: None,
        created_at: tx.now,
        overrides,
        recipients: None,
        permissions: None,
    }
}

fn person(tx: &mut Tx<'_>, name: &str) -> Result<UserId> {
    let user = UserId(tx.next_id());
    store::accounts::add(tx.db, user, &Username::parse(name).expect("a name"), "", None, false, tx.now)?;
    Ok(user)
}

fn join(tx: &mut Tx<'_>, server: ServerId, roles: &[RoleId], number: usize) -> Result<(UserId, SessionId)> {
    let user = person(tx, &format!("member{number}"))?;
    store::servers::add_member(tx.db, server, user, tx.now)?;
    for nth in 0..ROLES_EACH.min(roles.len()) {
        store::roles::give(tx.db, server, user, roles[(number * 7 + nth * 11) % roles.len()])?;
    }
    let session = SessionId(tx.next_id());
    let client = store::sessions::Client { user_agent: "bench".to_owned(), ip: "127.0.0.1".to_owned() };
    store::sessions::add(tx.db, session, user, 0, &[], &client, tx.now, tx.lived_s)?;
    Ok((user, session))
}
