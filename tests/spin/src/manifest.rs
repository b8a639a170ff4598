//! `spin.toml`: what the stand-in understands of it. Anything else is refused, so that nothing in a manifest is
//! there in vain.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::error::StartError;
use crate::routes::Route;
use crate::variables::{self, Declared};

/// A manifest of version 2 with one component.
#[derive(Debug)]
pub(crate) struct Manifest {
    pub(crate) component: String,
    /// Relative to the working directory, as the manifest's own path is.
    pub(crate) source: PathBuf,
    pub(crate) routes: Vec<Route>,
    pub(crate) variables: BTreeMap<String, Declared>,
    /// The component's variables: templates.
    pub(crate) component_variables: BTreeMap<String, String>,
    /// Templates as well.
    pub(crate) allowed_hosts: Vec<String>,
    pub(crate) allowed_stores: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    spin_manifest_version: u32,
    #[serde(rename = "application")]
    _application: Application,
    #[serde(default)]
    variables: BTreeMap<String, Declared>,
    trigger: Triggers,
    #[serde(default)]
    component: BTreeMap<String, Component>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Application {
    #[serde(rename = "name")]
    _name: String,
    #[serde(default, rename = "version")]
    _version: String,
    #[serde(default, rename = "description")]
    _description: String,
    #[serde(default, rename = "authors")]
    _authors: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Triggers {
    http: Vec<HttpTrigger>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct HttpTrigger {
    #[serde(default, rename = "id")]
    _id: String,
    route: String,
    component: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Component {
    source: PathBuf,
    #[serde(default, rename = "description")]
    _description: String,
    #[serde(default)]
    variables: BTreeMap<String, String>,
    #[serde(default)]
    allowed_outbound_hosts: Vec<String>,
    #[serde(default)]
    key_value_stores: Vec<String>,
    /// How `spin build` makes it: not this program's concern.
    #[serde(rename = "build")]
    _build: Option<toml::Table>,
}

impl Manifest {
    /// Reads a manifest; a directory stands for the `spin.toml` in it.
    ///
    /// # Errors
    ///
    /// Where the file can't be read, or says what the stand-in does not know.
    pub(crate) fn read(path: &Path) -> Result<Self, StartError> {
        let path = if path.is_dir() { path.join("spin.toml") } else { path.to_owned() };
        let text = std::fs::read_to_string(&path)
            .map_err(|error| StartError::Unreadable { path: path.clone(), error })?;
        let folder = path.parent().unwrap_or(Path::new(""));
        Self::parse(&text, folder).map_err(|reason| StartError::Manifest { path, reason })
    }

    fn parse(text: &str, folder: &Path) -> Result<Self, String> {
        let file: File = toml::from_str(text).map_err(|error| error.to_string())?;
        if file.spin_manifest_version != 2 {
            return Err("spin_manifest_version must be 2".into());
        }
        let mut components = file.component.into_iter();
        let (Some((name, component)), None) = (components.next(), components.next()) else {
            return Err("the stand-in runs exactly one component".into());
        };
        // `KebabId`.
        variables::words(&name, '-').map_err(|fault| format!("component {fault}"))?;
        let stranger = file.trigger.http.iter().find(|trigger| trigger.component != name);
        if let Some(HttpTrigger { route, component, .. }) = stranger {
            return Err(format!("route {route:?}: there is no component {component:?}"));
        }
        if file.trigger.http.is_empty() {
            return Err("there is no [[trigger.http]]".into());
        }
        let names = file.variables.keys().chain(component.variables.keys());
        names.map(String::as_str).try_for_each(variables::check_name)?;
        let routes = file.trigger.http.iter().map(|trigger| Route::parse(&trigger.route));
        Ok(Self {
            component: name,
            source: folder.join(component.source),
            routes: routes.collect::<Result<_, _>>()?,
            variables: file.variables,
            component_variables: component.variables,
            allowed_hosts: component.allowed_outbound_hosts,
            allowed_stores: component.key_value_stores,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = r#"
        spin_manifest_version = 2
        [application]
        name = "app"
        version = "0.1.0"
        [variables]
        key = { required = true, secret = true }
        [[trigger.http]]
        route = "/..."
        component = "app"
        [component.app]
        source = "app.wasm"
        allowed_outbound_hosts = ["https://api.example.com"]
        key_value_stores = ["default"]
        [component.app.variables]
        key = "{{ key }}"
        [component.app.build]
        command = "cargo xtask edge"
    "#;

    #[test]
    fn a_manifest_is_read() {
        let manifest = Manifest::parse(GOOD, Path::new("folder")).unwrap();
        assert_eq!(manifest.source, Path::new("folder/app.wasm"));
        assert_eq!(manifest.allowed_stores, ["default"]);
        assert_eq!(manifest.component_variables.get("key").map(String::as_str), Some("{{ key }}"));
    }

    #[test]
    fn the_manifests_that_are_shipped_are_read() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        for (file, released) in
            [("spin.toml", "spin-wasip2.toml"), ("spin-redis.toml", "spin-redis-wasip2.toml")]
        {
            let manifest = Manifest::read(&root.join(file)).unwrap();
            let released = Manifest::read(&root.join(released)).unwrap();
            assert_ne!(manifest.source, released.source, "{file}");
            let but_for_source = Manifest { source: manifest.source.clone(), ..released };
            assert_eq!(format!("{but_for_source:?}"), format!("{manifest:?}"));
        }
    }

    #[test]
    fn what_the_stand_in_does_not_know_is_refused() {
        for (from, to, reason) in [
            ("source =", "sources =", "sources"),
            ("[application]", "[application]\nnick = 'a'", "nick"),
            ("key_value_stores =", "ai_models = []\nkey_value_stores =", "ai_models"),
            ("required = true", "requird = true", "requird"),
            ("version = 2", "version = 3", "must be 2"),
            ("component = \"app\"", "component = \"other\"", "other"),
            ("[variables]", "[variables]\norigin_2 = { default = '' }", "origin_2"),
            ("key = \"{{ key }}\"", "key_2 = \"{{ key }}\"", "key_2"),
            ("component.app", "component.app_x", "app_x"),
            ("route = \"/...\"", "route = \"/:id\"", "/:id"),
            (
                "[component.app.variables]\n        key",
                "[component.app.variables]\n        Key",
                "Key",
            ),
        ] {
            assert!(GOOD.contains(from), "{from}");
            let error = Manifest::parse(&GOOD.replace(from, to), Path::new("")).unwrap_err();
            assert!(error.contains(reason), "{reason} in {error}");
        }
    }
}
