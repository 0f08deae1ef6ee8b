//! The settings of the instance: what is stored wins over what options say, and counts at once, everywhere.

use std::sync::Arc;

use super::super::{Chat, Reading, Writing};
use super::{Actor, note};
use crate::model::administration::{InstanceSettings, Setting, SettingsByKey, SettingsPatch, Source};
use crate::model::request::Patch;
use crate::model::setting::{Allowed, Registration};
use crate::model::{Error, Key, Result, Settings};
use crate::store;

/// What is to be set, as text; none forgets what was.
pub type Change = (Key, Option<String>);

impl Chat {
    /// Reads what is stored. To be called once, before anybody is served.
    ///
    /// # Errors
    /// Database errors.
    pub fn take_up_settings(&self) -> Result<()> {
        self.read(|cx| {
            let (settings, _) = stored(cx)?;
            self.shared().settings.set(settings);
            Ok(())
        })
    }
}

/// The settings as the database has them over the options, and which of them it has.
fn stored(cx: &Reading<'_>) -> Result<(Settings, Vec<Key>)> {
    let (mut settings, mut keys) = (cx.shared.config.otherwise.clone(), Vec::new());
    for (name, value) in store::administration::settings(cx.db)? {
        // Another version may have stored what this one does not know, or would not take.
        let taken = Key::parse(&name).map(|key| (key, settings.set(key, &value)));
        match taken {
            Some((key, Ok(()))) => keys.push(key),
            _ => log::warn!("the stored setting {name} means nothing to this version, and is passed over"),
        }
    }
    Ok((settings, keys))
}

/// The settings, and where each comes from.
///
/// # Errors
/// Database errors.
pub fn get(cx: &Reading<'_>, _: Actor) -> Result<InstanceSettings> {
    let (now, keys) = stored(cx)?;
    let config = &cx.shared.config;
    let otherwise = &config.otherwise;
    let source = |key: Key| match keys.contains(&key) {
        true => Source::Stored,
        // Whoever starts it from a program may give what nobody wrote on a command line.
        false if config.given.contains(&key) || otherwise.text(key) != Settings::default().text(key) => {
            Source::Environment
        }
        false => Source::Default,
    };
    fn setting<T>(source: Source, value: T, otherwise: T) -> Setting<T> {
        Setting { value, source, otherwise }
    }
    let all = |key, of: fn(&Settings) -> u64| setting(source(key), of(&now), of(otherwise));
    let who = |key, of: fn(&Settings) -> bool| {
        setting(source(key), Allowed::admins(of(&now)), Allowed::admins(of(otherwise)))
    };
    let registration: fn(&Settings) -> Registration = |settings| settings.registration;
    Ok(InstanceSettings {
        settings: SettingsByKey {
            name: setting(source(Key::Name), now.name.clone(), otherwise.name.clone()),
            registration: setting(source(Key::Registration), registration(&now), registration(otherwise)),
            create_servers: who(Key::CreateServers, |settings| settings.admins_create_servers),
            invites_register: who(Key::InvitesRegister, |settings| settings.admins_invites_register),
            password_min: all(Key::PasswordMin, |settings| settings.password_min as u64),
            upload_bytes: all(Key::UploadBytes, |settings| settings.upload_bytes),
            user_files_bytes: all(Key::UserFilesBytes, |settings| settings.user_files_bytes),
        },
    })
}

/// What a request asks to be set.
pub fn changes(patch: SettingsPatch) -> Vec<Change> {
    fn one<T>(key: Key, patch: Patch<Option<T>>, text: impl FnOnce(T) -> String) -> Option<Change> {
        patch.into_set().map(|value| (key, value.map(text)))
    }
    let number = |value: u64| value.to_string();
    let who = |value: Allowed| value.as_str().to_owned();
    let all = [
        one(Key::Name, patch.name, |name| name.as_str().to_owned()),
        one(Key::Registration, patch.registration, |value| value.as_str().to_owned()),
        one(Key::CreateServers, patch.create_servers, who),
        one(Key::InvitesRegister, patch.invites_register, who),
        one(Key::PasswordMin, patch.password_min, number),
        one(Key::UploadBytes, patch.upload_bytes, number),
        one(Key::UserFilesBytes, patch.user_files_bytes, number),
    ];
    all.into_iter().flatten().collect()
}

/// Sets or forgets some. Everybody goes by it from when it is on disk.
///
/// # Errors
/// 400 for a value that breaks its setting's rule.
pub fn set(cx: &mut Writing<'_, '_>, actor: Actor, changes: Result<Vec<Change>>) -> Result<InstanceSettings> {
    for (key, value) in changes? {
        let mut tried = cx.shared.config.otherwise.clone();
        let value = value.map(|text| tried.set(key, &text).map(|()| tried.text(key)));
        let value = value.transpose().map_err(|rule| Error::field(key.as_str(), rule))?;
        let before = store::administration::settings(cx.db)?.into_iter().find(|(name, _)| name == key.as_str());
        if before.map(|(_, value)| value) == value {
            continue;
        }
        store::administration::set_setting(cx.db, key.as_str(), value.as_deref())?;
        match value {
            Some(value) => note(cx, actor, format_args!("set {} to {value}", key.as_str())),
            None => note(cx, actor, format_args!("set {} to what options say", key.as_str())),
        }
    }
    let (settings, _) = stored(cx)?;
    let shared = Arc::clone(cx.shared);
    cx.tx.after_commit(move || shared.settings.set(settings));
    get(cx, actor)
}
