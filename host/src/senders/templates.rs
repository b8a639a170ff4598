//! `messages.folder`: templates as files.

use std::fs;
use std::path::Path;

use countersign_providers::{MessagesSettings, Problem, Problems};

/// Folders in one another at most: `tenants/<tenant>/<purpose>`.
const MAX_DEPTH: usize = 3;
/// Files that are looked at, at most; more than there may be templates.
const MAX_FILES: usize = 2_000;

/// The settings, with the files of their folder among the templates.
///
/// # Errors
/// Where the folder or a file of it can't be read, or a template is given in both ways. Files whose names begin with a
/// full stop are passed over; every other one has to be a template.
pub(super) fn read(settings: &MessagesSettings) -> Result<MessagesSettings, Problems> {
    let mut settings = settings.clone();
    let Some(folder) = settings.folder.take() else { return Ok(settings) };
    let mut reader = Reader { settings, files: 0, problems: Vec::new() };
    reader.folder(&folder, "", MAX_DEPTH);
    if reader.problems.is_empty() { Ok(reader.settings) } else { Err(Problems(reader.problems)) }
}

struct Reader {
    settings: MessagesSettings,
    files: usize,
    problems: Vec<Problem>,
}

impl Reader {
    fn folder(&mut self, folder: &Path, name: &str, depth: usize) {
        let entries = match fs::read_dir(folder).and_then(Iterator::collect::<Result<Vec<_>, _>>) {
            Ok(entries) => entries,
            Err(error) => return self.unreadable(folder, &error.to_string()),
        };
        for entry in entries {
            let path = entry.path();
            let Ok(own) = entry.file_name().into_string() else {
                self.unreadable(&path, "its name is no UTF-8");
                continue;
            };
            if own.starts_with('.') {
                continue;
            }
            let name = if name.is_empty() { own } else { format!("{name}/{own}") };
            match path.is_dir() {
                true if depth == 0 => self.unreadable(&path, "no template is that deep"),
                true => self.folder(&path, &name, depth - 1),
                false => self.file(&path, name),
            }
        }
    }

    fn file(&mut self, path: &Path, name: String) {
        self.files += 1;
        if self.files > MAX_FILES {
            if self.files == MAX_FILES + 1 {
                self.unreadable(path, "there are over 2,000 files");
            }
            return;
        }
        let text = match fs::read_to_string(path) {
            Ok(text) => text,
            Err(error) => return self.unreadable(path, &error.to_string()),
        };
        if self.settings.templates.insert(name.clone(), text).is_some() {
            let text = "is given in `messages.folder` as well: one too many";
            self.problems.push(Problem::new(format!("messages.templates.{name}"), text));
        }
    }

    fn unreadable(&mut self, path: &Path, reason: &str) {
        let text = format!("{} can't be read: {reason}", path.display());
        self.problems.push(Problem::new("messages.folder", text));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(folder: &Path) -> MessagesSettings {
        MessagesSettings { folder: Some(folder.to_owned()), ..MessagesSettings::default() }
    }

    #[test]
    fn files_are_templates_by_their_paths() {
        let folder = tempfile::tempdir().unwrap();
        let deep = folder.path().join("tenants/acme/login");
        fs::create_dir_all(&deep).unwrap();
        fs::write(folder.path().join("sms.en.txt"), "a {{ code }}").unwrap();
        fs::write(deep.join("sms.id.txt"), "b {{ code }}").unwrap();
        fs::write(folder.path().join(".swp"), "x").unwrap();
        let read = read(&settings(folder.path())).unwrap();
        let names: Vec<_> = read.templates.keys().map(String::as_str).collect();
        assert_eq!(names, ["sms.en.txt", "tenants/acme/login/sms.id.txt"]);
        assert_eq!(read.templates["sms.en.txt"], "a {{ code }}");
        assert!(read.folder.is_none());
    }

    #[test]
    fn what_cannot_be_read_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let absent = read(&settings(&folder.path().join("absent"))).unwrap_err();
        assert_eq!(absent.0[0].path, "messages.folder");
        fs::write(folder.path().join("sms.en.txt"), [0xff, 0xfe]).unwrap();
        let problems = read(&settings(folder.path())).unwrap_err().to_string();
        assert!(problems.contains("sms.en.txt can't be read"), "{problems}");
    }

    #[test]
    fn a_template_in_both_places_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("sms.en.txt"), "{{ code }}").unwrap();
        let templates = [("sms.en.txt".to_owned(), "{{ code }}".to_owned())].into();
        let problems =
            read(&MessagesSettings { templates, ..settings(folder.path()) }).unwrap_err();
        assert_eq!(problems.0[0].path, "messages.templates.sms.en.txt");
    }
}
