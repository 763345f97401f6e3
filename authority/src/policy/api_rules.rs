//! Which API calls count as activity: none, but for those that the administrator lists.

use globset::{GlobBuilder, GlobMatcher};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Patterns in one list.
const MAX_PATTERNS: usize = 256;
/// Characters of one pattern.
const MAX_PATTERN: usize = 512;

/// API calls that count as activity: those that a pattern of `include` meets and none of `exclude`.
///
/// A pattern is a path, after a method where only that one is meant: `/api/orders/*`,
/// `POST /api/**`. `*` stands for anything within one segment, `**` for any number of them. The query
/// is not looked at. `{name}` stands for one segment, as in the paths of API documents.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ApiRules {
    /// Patterns of the calls that count.
    pub include: Vec<String>,
    /// Patterns of those that don't, whatever `include` says.
    pub exclude: Vec<String>,
}

impl ApiRules {
    /// Checks every pattern.
    ///
    /// # Errors
    /// One sentence that names the list and what it takes.
    pub fn check(&self) -> Result<(), String> {
        self.compile().map(drop)
    }

    pub(crate) fn compile(&self) -> Result<ApiMatcher, String> {
        Ok(ApiMatcher {
            include: compile_all("api_rules.include", &self.include)?,
            exclude: compile_all("api_rules.exclude", &self.exclude)?,
        })
    }
}

/// [`ApiRules`] that have been read.
#[derive(Debug, Default)]
pub(crate) struct ApiMatcher {
    include: Vec<Pattern>,
    exclude: Vec<Pattern>,
}

#[derive(Debug)]
struct Pattern {
    method: Option<String>,
    path: GlobMatcher,
}

impl ApiMatcher {
    /// Whether such a call is activity.
    pub(crate) fn counts(&self, method: &str, path: &str) -> bool {
        self.include.iter().any(|pattern| pattern.meets(method, path))
            && !self.excludes(method, path)
    }

    /// Whether such a call is none, whatever else says that it is.
    pub(crate) fn excludes(&self, method: &str, path: &str) -> bool {
        self.exclude.iter().any(|pattern| pattern.meets(method, path))
    }
}

impl Pattern {
    fn meets(&self, method: &str, path: &str) -> bool {
        self.method.as_deref().is_none_or(|wanted| wanted == method) && self.path.is_match(path)
    }
}

fn compile_all(field: &str, patterns: &[String]) -> Result<Vec<Pattern>, String> {
    if patterns.len() > MAX_PATTERNS {
        return Err(format!("{field} must have at most {MAX_PATTERNS} patterns."));
    }
    patterns.iter().map(|text| compile(field, text)).collect()
}

fn compile(field: &str, text: &str) -> Result<Pattern, String> {
    let wrong = || {
        format!(
            "{field} must hold patterns such as `/api/orders/*` or `POST /api/**`, of at most \
             {MAX_PATTERN} characters."
        )
    };
    let (method, path) = match text.split_once(' ') {
        Some((method, path)) => (Some(method), path),
        None => (None, text),
    };
    let is_method = |m: &str| !m.is_empty() && m.bytes().all(|b| b.is_ascii_uppercase());
    if text.len() > MAX_PATTERN || !method.is_none_or(is_method) || !path.starts_with('/') {
        return Err(wrong());
    }
    let path = path.split('/').map(segment).collect::<Vec<_>>().join("/");
    let glob = GlobBuilder::new(&path).literal_separator(true).backslash_escape(true).build();
    let path = glob.map_err(|_| wrong())?.compile_matcher();
    Ok(Pattern { method: method.map(str::to_owned), path })
}

/// A whole segment in braces is the name of a parameter, not a choice between one thing.
fn segment(text: &str) -> &str {
    let name = text.strip_prefix('{').and_then(|rest| rest.strip_suffix('}'));
    let named =
        name.is_some_and(|name| name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_'));
    if named { "*" } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules(include: &[&str], exclude: &[&str]) -> ApiRules {
        let owned = |list: &[&str]| list.iter().map(|text| (*text).to_owned()).collect();
        ApiRules { include: owned(include), exclude: owned(exclude) }
    }

    #[test]
    fn nothing_counts_unless_it_is_listed() {
        let nothing = ApiRules::default().compile().unwrap();
        assert!(!nothing.counts("POST", "/api/orders"));
        let some = rules(&["/api/orders/*", "POST /api/notes/**"], &["/api/orders/poll"]);
        let some = some.compile().unwrap();
        for (method, path, counts) in [
            ("GET", "/api/orders/7", true),
            ("DELETE", "/api/orders/7", true),
            ("GET", "/api/orders/poll", false),
            ("GET", "/api/orders/7/lines", false),
            ("GET", "/api/orders", false),
            ("POST", "/api/notes/7/text", true),
            ("GET", "/api/notes/7/text", false),
        ] {
            assert_eq!(some.counts(method, path), counts, "{method} {path}");
        }
    }

    #[test]
    fn a_name_in_braces_stands_for_one_segment() {
        let some = rules(&["/users/{userId}/presences/{a,b}"], &[]).compile().unwrap();
        for (path, counts) in [
            ("/users/7/presences/a", true),
            ("/users/7/presences/c", false),
            ("/users/7/8/presences/a", false),
        ] {
            assert_eq!(some.counts("GET", path), counts, "{path}");
        }
    }

    #[test]
    fn a_pattern_that_cannot_be_read_is_refused_with_its_list() {
        for text in ["", "api", "get /api", "GET api", "GET  /api", "/api/[", "POST"] {
            let why = rules(&[], &[text]).compile().unwrap_err();
            assert!(why.starts_with("api_rules.exclude"), "{text}: {why}");
        }
        let many = vec!["/a".to_owned(); MAX_PATTERNS + 1];
        assert!(ApiRules { include: many, exclude: Vec::new() }.compile().is_err());
    }
}
