//! What systemd's unit gives the service, as far as it matters when nobody runs that could be asked.

use std::path::{Path, PathBuf};

use super::facts;

/// Where systemd puts the folders of services.
const STATE: &str = "/var/lib";

/// A unit.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Unit {
    /// Variables of the environment; of a name that is there twice, the later counts.
    pub(super) environment: Vec<(String, String)>,
    /// `LimitNOFILE`.
    pub(super) open_files: Option<u64>,
    /// `TasksMax`.
    pub(super) tasks: Option<u64>,
}

impl Unit {
    /// The one that is installed, with what the owner adds to it.
    pub(super) fn installed() -> Option<Self> {
        let path = facts::unit()?;
        let mut places = vec![path.clone()];
        // As `systemctl edit` does, which always writes below /etc.
        let folder = Path::new("/etc/systemd/system").join("chatd.service.d");
        let mut more: Vec<_> =
            std::fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path()).collect();
        more.retain(|path| path.extension().is_some_and(|extension| extension == "conf"));
        more.sort();
        places.extend(more);
        let mut unit = Self::default();
        let mut files = Vec::new();
        for text in places.iter().filter_map(|place| std::fs::read_to_string(place).ok()) {
            unit.read(&text, &mut files);
        }
        // What is in files goes over what is in the unit.
        for text in files.iter().filter_map(|file| std::fs::read_to_string(file).ok()) {
            unit.environment.extend(variables(&text));
        }
        Some(unit)
    }

    fn read(&mut self, text: &str, files: &mut Vec<PathBuf>) {
        for (key, value) in settings(text) {
            match key {
                "Environment" => {
                    // One or several on a line, each quoted if there is a blank in it.
                    let quoted = value.starts_with('"');
                    let parts: Vec<_> = if quoted { value.split('"').collect() } else { value.split(' ').collect() };
                    self.environment.extend(parts.into_iter().filter_map(pair));
                }
                "EnvironmentFile" => files.push(value.trim_start_matches('-').into()),
                "StateDirectory" => self.environment.push(("STATE_DIRECTORY".to_owned(), format!("{STATE}/{value}"))),
                "LimitNOFILE" => self.open_files = value.split(':').next().and_then(|most| most.parse().ok()),
                "TasksMax" => self.tasks = value.parse().ok(),
                _ => {}
            }
        }
    }
}

/// Lines that set something, without comments and headings.
fn settings(text: &str) -> impl Iterator<Item = (&str, &str)> {
    let lines = text.lines().map(str::trim).filter(|line| !line.starts_with(['#', ';', '[']));
    lines.filter_map(|line| line.split_once('=')).map(|(key, value)| (key.trim(), value.trim()))
}

/// The variables of a file of them.
fn variables(text: &str) -> impl Iterator<Item = (String, String)> {
    settings(text).map(|(name, value)| (name.to_owned(), value.trim_matches(['"', '\'']).to_owned()))
}

fn pair(text: &str) -> Option<(String, String)> {
    text.split_once('=').map(|(name, value)| (name.trim().to_owned(), value.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::{Unit, variables};

    #[test]
    fn our_own_unit_is_understood() {
        let (mut unit, mut files) = (Unit::default(), Vec::new());
        unit.read(include_str!("../../chatd.service"), &mut files);
        let value = |name: &str| unit.environment.iter().rfind(|(known, _)| known == name).map(|(_, v)| v.as_str());
        assert_eq!((value("CHATD_LISTEN"), value("CHATD_REGISTRATION")), (Some("[::]:8080"), Some("invite")));
        assert_eq!(value("STATE_DIRECTORY"), Some("/var/lib/chatd"));
        assert_eq!((unit.open_files, unit.tasks), (Some(16_384), Some(10_500)));
        assert_eq!(files, [std::path::Path::new("/etc/chatd/chatd.env")]);
        unit.read("[Service]\nEnvironment=\"CHATD_NAME=Our place\"\nTasksMax=infinity\n", &mut files);
        assert_eq!(unit.environment.last().map(|(_, value)| value.as_str()), Some("Our place"));
        assert_eq!(unit.tasks, None);
    }

    #[test]
    fn a_file_of_variables_may_quote_and_comment() {
        let text = "# mine\nCHATD_NAME=\"Our place\"\n\nCHATD_LISTEN=[::]:443\nnonsense\n";
        let read: Vec<_> = variables(text).collect();
        let expected = [("CHATD_NAME", "Our place"), ("CHATD_LISTEN", "[::]:443")];
        assert_eq!(read, expected.map(|(name, value)| (name.to_owned(), value.to_owned())));
    }
}
