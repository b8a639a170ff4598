//! Which requests a component gets: `[[trigger.http]]`'s routes.

use std::fmt;

/// A route as the manifest writes it: a path, or everything below one (`/...`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Route {
    raw: String,
    /// Without a slash at its end.
    path: String,
    wildcard: bool,
}

/// A request's path, as its route sees it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Matched<'a> {
    pub(crate) route: &'a Route,
    /// What follows the route's own path.
    pub(crate) rest: &'a str,
}

impl Route {
    /// Reads a route.
    ///
    /// # Errors
    ///
    /// Where it is no path, or has parameters (`/:name`), which the stand-in does not offer.
    pub(crate) fn parse(raw: &str) -> Result<Self, String> {
        if !raw.starts_with('/') {
            return Err(format!("route {raw:?} does not begin with a slash"));
        }
        if raw.contains("/:") || raw.contains('*') {
            return Err(format!("route {raw:?}: the stand-in knows plain paths and `/...` only"));
        }
        let (path, wildcard) = match raw.strip_suffix("/...") {
            Some(path) => (path, true),
            None => (raw, false),
        };
        Ok(Self { raw: raw.into(), path: path.trim_end_matches('/').into(), wildcard })
    }

    /// As the manifest writes it.
    pub(crate) fn raw(&self) -> &str {
        &self.raw
    }

    /// As the manifest writes it, without `/...`.
    pub(crate) fn prefix(&self) -> &str {
        self.raw.strip_suffix("/...").unwrap_or(&self.raw)
    }

    fn rest<'a>(&self, path: &'a str) -> Option<&'a str> {
        let rest = path.strip_prefix(&self.path)?;
        match rest {
            "" => Some(rest),
            "/" if !self.wildcard => Some(""),
            // `OPTIONS *` goes to whatever takes every path.
            _ => (self.wildcard && (rest.starts_with('/') || path == "*")).then_some(rest),
        }
    }
}

impl fmt::Display for Route {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let wildcard = if self.wildcard { " (wildcard)" } else { "" };
        write!(formatter, "{}{wildcard}", self.path)
    }
}

/// The route that fits a path best: the longest, and a whole path before one with `/...`.
pub(crate) fn find<'a>(routes: &'a [Route], path: &'a str) -> Option<Matched<'a>> {
    let fitting = routes.iter().filter_map(|route| Some((route, route.rest(path)?)));
    let best = fitting.max_by_key(|(route, _)| (route.path.len(), !route.wildcard));
    best.map(|(route, rest)| Matched { route, rest })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_route_that_fits_best_gets_the_request() {
        let routes: Vec<_> =
            ["/v1", "/v1/...", "/..."].map(|raw| Route::parse(raw).unwrap()).to_vec();
        for (path, raw, rest) in [
            ("/", "/...", "/"),
            ("/v2/x", "/...", "/v2/x"),
            ("/v1", "/v1", ""),
            ("/v1/", "/v1", ""),
            ("/v1/challenges", "/v1/...", "/challenges"),
            ("/v10", "/...", "/v10"),
            ("*", "/...", "*"),
        ] {
            let found = find(&routes, path).unwrap();
            assert_eq!((found.route.raw(), found.rest), (raw, rest), "{path}");
        }
        assert_eq!(find(&[Route::parse("/v1").unwrap()], "/v1/x"), None);
    }

    #[test]
    fn what_spin_knows_and_the_stand_in_does_not_is_refused() {
        assert!(Route::parse("/users/:id").unwrap_err().contains("/:id"));
        assert!(Route::parse("v1").is_err());
    }
}
