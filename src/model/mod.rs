//! The vocabulary: identifiers, validated names, permissions, API objects, events, errors and limits.
//! Imports no other room.

pub mod address;
pub mod administration;
pub mod authority;
pub mod emoji;
pub mod error;
pub mod event;
pub mod file;
pub mod id;
pub mod limits;
pub mod markup;
pub mod name;
pub mod object;
pub mod percent;
pub mod permission;
pub mod pressure;
pub mod request;
pub mod search;
pub mod setting;
pub mod time;
pub mod words;

pub use address::AddressKey;
pub use authority::{Badges, Rules, Standing};
pub use emoji::Emoji;
pub use error::{Code, Error, Result};
pub use event::{Audience, Effect, Event, Outlet, Payload, Turn};
pub use file::FileName;
pub use id::{AttachmentId, ChannelId, EntryId, Ids, MessageId, RoleId, ServerId, SessionId, UserId};
pub use permission::{Permission, Permissions};
pub use pressure::{Line, Pressure, Work};
pub use setting::{Key, Registration, Settings};
pub use time::Timestamp;
