//! From a path to its routes, part by part down a tree that is made of the table once.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use super::call::Values;
use super::percent;
use super::route::{Route, Verb, parameter};
use super::routes::ROUTES;

/// The routes of one path, and what its parameters are.
pub struct Found {
    /// One per method.
    pub routes: &'static [&'static Route],
    /// The decoded parts that stand for parameters.
    pub values: Values,
}

impl Found {
    /// The route of this method.
    pub fn by_verb(&self, verb: Verb) -> Option<&'static Route> {
        self.routes.iter().find(|route| route.verb == verb).copied()
    }

    /// The methods that the path knows, for `Allow`.
    pub fn allow(&self) -> String {
        let mut verbs: Vec<_> = self.routes.iter().map(|route| route.verb).collect();
        verbs.sort_unstable();
        let mut names: Vec<_> = verbs.into_iter().map(Verb::as_str).collect();
        names.push("OPTIONS");
        names.join(", ")
    }
}

/// Where one is in a path, and how it may go on.
#[derive(Default)]
struct Node {
    /// Those whose paths end here.
    routes: Vec<&'static Route>,
    literals: BTreeMap<&'static str, Node>,
    parameter: Option<(&'static str, Box<Node>)>,
}

static TREE: LazyLock<Node> = LazyLock::new(|| {
    let mut root = Node::default();
    for route in ROUTES {
        route.parts().fold(&mut root, Node::grow).routes.push(route);
    }
    root
});

impl Node {
    /// The node behind this part of a template.
    fn grow(&mut self, part: &'static str) -> &mut Self {
        match parameter(part) {
            Some(name) => &mut self.parameter.get_or_insert_with(|| (name, Box::default())).1,
            None => self.literals.entry(part).or_default(),
        }
    }

    /// The node at the end of `path`, from here; a word in the table goes before a parameter. Goes no deeper than the
    /// table does.
    fn find(&'static self, path: &str, values: &mut Values) -> Option<&'static Self> {
        let (segment, rest) = path.split_once('/').map_or((path, None), |(segment, rest)| (segment, Some(rest)));
        let segment = percent::decode(segment).filter(|segment| !segment.contains('\0'))?;
        let mut go_on = |node: &'static Self| match rest {
            Some(rest) => node.find(rest, values),
            None => Some(node).filter(|node| !node.routes.is_empty()),
        };
        if let Some(found) = self.literals.get(&*segment).and_then(&mut go_on) {
            return Some(found);
        }
        let (name, node) = self.parameter.as_ref().filter(|_| !segment.is_empty())?;
        let found = go_on(node)?;
        values.push(name, segment.into_owned());
        Some(found)
    }
}

/// Finds the routes of a path, still percent-encoded and without the base. A trailing slash is another path.
pub fn find(path: &str) -> Option<Found> {
    let mut values = Values::default();
    let node = TREE.find(path.strip_prefix('/')?, &mut values)?;
    Some(Found { routes: &node.routes, values })
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::find;
    use crate::rest::route::Verb;
    use crate::rest::routes::ROUTES;

    /// A path of the route, with something in place of every parameter.
    fn example(template: &str) -> String {
        template.split('/').map(|part| if part.starts_with('{') { "42" } else { part }).collect::<Vec<_>>().join("/")
    }

    #[test]
    fn every_route_is_reached_by_its_path_and_no_path_reaches_two_templates() {
        for route in ROUTES {
            let found = find(&example(&route.full_path())).unwrap();
            let reached = found.by_verb(route.verb).unwrap();
            assert_eq!((reached.name, reached.path), (route.name, route.path));
            assert!(found.routes.iter().all(|other| other.path == route.path), "{} is ambiguous", route.path);
            assert!(route.parameters().all(|name| found.values.get(name) == "42"), "{} by another name", route.path);
        }
    }

    #[test]
    fn names_are_unique_and_rows_complete() {
        let mut names = HashSet::new();
        let mut rows = HashSet::new();
        for route in ROUTES {
            assert!(!route.name.is_empty() && names.insert(route.name), "{} {}", route.path, route.name);
            assert!(rows.insert((route.verb, route.full_path())), "{} stands twice", route.path);
            assert!(route.summary.ends_with(['.', '?']), "{}", route.name);
            assert!(route.answers[0].is_some(), "{}", route.name);
            assert!(route.verb != Verb::Get || route.body.is_none());
            assert!(!route.paged || !route.query.is_empty());
        }
    }

    #[test]
    fn what_is_no_path() {
        for bad in [
            "",
            "/",
            "/api",
            "/api/rest",
            "/api/rest/",
            "/api/rest/servers/",
            "/api/rest//servers",
            "/servers",
            "/api/rest/Servers",
            "/api/rest/servers//channels",
            "/api/rest/servers/1/2",
            "/api/rest/servers/%",
            "/api/rest/servers/%00",
            "/api/rest/servers/%ff",
            "/healthz/",
            "/api/rest/healthz",
            "/invites/x",
            "api/rest/servers",
            "/api/rest/servers%2F1",
        ] {
            assert!(find(bad).is_none(), "{bad}");
        }
    }

    #[test]
    fn parts_are_decoded() {
        let found = find("/api/rest/%75sers/%40me/dm-channels").unwrap();
        assert_eq!(found.values.get("user_id"), "@me");
        assert_eq!(find("/api/rest/users/%40me/settings").unwrap().values.get("user_id"), "");
        let found = find("/api/rest/invites/a%2Fb").unwrap();
        assert_eq!(found.values.get("code"), "a/b");
    }

    #[test]
    fn allow_lists_the_methods_of_the_path() {
        assert_eq!(find("/api/rest/servers/1").unwrap().allow(), "GET, HEAD, PATCH, DELETE, OPTIONS");
        assert_eq!(find("/api/rest/auth/login").unwrap().allow(), "POST, OPTIONS");
    }
}
