//! Which disk a folder is on, and whether that is an SD card.

use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// The disk that a folder is on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Device {
    /// Its file system, as the kernel counts them.
    pub number: u64,
    /// The disk below it, as in `mmcblk0`; none if that is not one disk, as with a network's.
    pub disk: Option<String>,
    /// Whether it is an SD card.
    pub is_card: bool,
}

impl Device {
    /// The disk of a folder, or of the nearest folder above that is there.
    pub fn of(folder: &Path) -> Option<Self> {
        Self::below(Path::new("/sys"), folder)
    }

    fn below(sys: &Path, folder: &Path) -> Option<Self> {
        let folder = std::path::absolute(folder).ok()?;
        let number = folder.ancestors().find_map(|folder| std::fs::metadata(folder).ok())?.dev();
        Some(Self::numbered(sys, number))
    }

    /// `/sys/dev/block/179:2` leads to `…/mmcblk0/mmcblk0p2`, or `…/sda` if the whole disk is one file system.
    fn numbered(sys: &Path, number: u64) -> Self {
        let (major, minor) = (rustix::fs::major(number), rustix::fs::minor(number));
        let place = std::fs::canonicalize(sys.join(format!("dev/block/{major}:{minor}"))).ok();
        let disk = place.map(|place| if place.join("partition").exists() { parent(place) } else { place });
        let is_card = disk.as_deref().is_some_and(|disk| {
            std::fs::read_to_string(disk.join("device/type")).is_ok_and(|kind| kind.trim() == "SD")
        });
        let name = disk.as_deref().and_then(Path::file_name).and_then(|name| name.to_str());
        Self { number, disk: name.map(str::to_owned), is_card }
    }

    /// Whether what breaks one breaks the other.
    pub fn is_same(&self, other: &Self) -> bool {
        self.number == other.number || self.disk.is_some() && self.disk == other.disk
    }
}

fn parent(place: PathBuf) -> PathBuf {
    place.parent().map_or_else(|| place.clone(), Path::to_owned)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::{Device, Path};

    /// A `/sys` with a disk of this kind, and a partition 2 on it.
    fn sys(root: &Path, disk: &str, kind: &str, (major, minor): (u32, u32)) -> u64 {
        let partition = root.join(format!("devices/{disk}/{disk}p2"));
        std::fs::create_dir_all(&partition).unwrap();
        std::fs::create_dir_all(root.join("dev/block")).unwrap();
        std::fs::create_dir_all(root.join(format!("devices/{disk}/device"))).unwrap();
        std::fs::write(root.join(format!("devices/{disk}/device/type")), kind).unwrap();
        std::fs::write(partition.join("partition"), "2\n").unwrap();
        symlink(&partition, root.join(format!("dev/block/{major}:{minor}"))).unwrap();
        rustix::fs::makedev(major, minor)
    }

    #[test]
    fn a_partition_leads_to_its_disk_and_that_may_be_a_card() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        let card = Device::numbered(root, sys(root, "mmcblk0", "SD\n", (179, 2)));
        let soldered = Device::numbered(root, sys(root, "mmcblk1", "MMC\n", (179, 34)));
        let nowhere = Device::numbered(root, rustix::fs::makedev(0, 42));
        assert_eq!((card.disk.as_deref(), card.is_card), (Some("mmcblk0"), true));
        assert_eq!((soldered.disk.as_deref(), soldered.is_card), (Some("mmcblk1"), false));
        assert_eq!((nowhere.disk.as_deref(), nowhere.is_card), (None, false));
        assert!(!card.is_same(&soldered) && !card.is_same(&nowhere) && nowhere.is_same(&nowhere.clone()));
        // Another partition of the same card.
        let other = Device { number: rustix::fs::makedev(179, 1), ..card.clone() };
        assert!(card.is_same(&other));
    }

    #[test]
    fn a_folder_that_is_still_to_be_made_is_on_the_disk_of_the_one_above() {
        let folder = tempfile::tempdir().unwrap();
        let of = |path: &Path| Device::of(path).unwrap().number;
        assert_eq!(of(&folder.path().join("not/there")), of(folder.path()));
    }
}
