//! Proves the layering from `cargo metadata`: who may use which of our crates, and which outside
//! crates may not be reached from where, through any number of steps.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

use serde::Deserialize;

/// What a crate may use of ours, and what it must never know.
struct Wall {
    name: &'static str,
    may_use: &'static [&'static str],
    never_knows: &'static [&'static str],
}

const SQL: &str = "sqlx";
const HTTP: &str = "axum";

/// The table of ARCHITECTURE.md. A crate that is not in it may not exist.
const WALLS: &[Wall] = &[
    Wall {
        name: "billing",
        may_use: &[],
        never_knows: &["tokio", SQL, HTTP, "arrow", "parquet", "typst", "serde_json"],
    },
    Wall { name: "formats", may_use: &["billing"], never_knows: &["tokio", SQL, HTTP, "typst"] },
    Wall { name: "ledger", may_use: &["billing"], never_knows: &["arrow", "parquet", HTTP, "typst"] },
    Wall { name: "documents", may_use: &["billing"], never_knows: &[SQL, HTTP, "arrow", "parquet", "tokio"] },
    Wall { name: "usage", may_use: &["billing", "formats"], never_knows: &[SQL, HTTP, "typst", "datafusion"] },
    Wall {
        name: "engine",
        may_use: &["billing", "formats"],
        // The formats crate brings Parquet; the engine itself must not name it.
        never_knows: &[HTTP, SQL, "typst", "datafusion"],
    },
    Wall { name: "web", may_use: &["billing", "formats", "engine"], never_knows: &[SQL, "typst", "datafusion"] },
    Wall { name: "testkit", may_use: &["billing", "formats"], never_knows: &[SQL, HTTP, "typst"] },
    // It measures the product without its paper and its web; DataFusion would be one more peer.
    Wall {
        name: "rating-bench",
        may_use: &["billing", "formats", "ledger", "usage", "engine"],
        never_knows: &[HTTP, "typst", "datafusion"],
    },
    Wall { name: "xtask", may_use: &[], never_knows: &[SQL, HTTP, "typst", "arrow"] },
    Wall {
        name: "quittance",
        may_use: &["billing", "formats", "ledger", "documents", "usage", "engine", "web"],
        never_knows: &[],
    },
];

/// Crates that may not be named by these crates directly, though they reach them through another.
const NOT_DIRECTLY: &[(&str, &[&str])] = &[("engine", &["arrow", "parquet"]), ("web", &["arrow", "parquet"])];

#[derive(Deserialize)]
struct Metadata {
    packages: Vec<Package>,
    workspace_members: Vec<String>,
    resolve: Resolve,
}

#[derive(Deserialize)]
struct Package {
    id: String,
    name: String,
}

#[derive(Deserialize)]
struct Resolve {
    nodes: Vec<Node>,
}

#[derive(Deserialize)]
struct Node {
    id: String,
    deps: Vec<Dependency>,
}

#[derive(Deserialize)]
struct Dependency {
    pkg: String,
    dep_kinds: Vec<DependencyKind>,
}

#[derive(Deserialize)]
struct DependencyKind {
    kind: Option<String>,
}

/// Normal dependencies only: what tests use is not what the product knows.
struct Graph {
    names: BTreeMap<String, String>,
    members: BTreeSet<String>,
    edges: BTreeMap<String, BTreeSet<String>>,
}

impl Graph {
    fn load() -> Result<Self, String> {
        let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned());
        let output = Command::new(cargo)
            .args(["metadata", "--format-version", "1", "--locked"])
            .output()
            .map_err(|error| format!("cargo metadata cannot be run: {error}"))?;
        if !output.status.success() {
            return Err(String::from_utf8_lossy(&output.stderr).into_owned());
        }
        let metadata: Metadata = serde_json::from_slice(&output.stdout)
            .map_err(|error| format!("cargo metadata cannot be read: {error}"))?;
        Ok(Self::new(metadata))
    }

    fn new(metadata: Metadata) -> Self {
        let names = metadata.packages.into_iter().map(|package| (package.id, package.name)).collect();
        let normal = |dependency: &Dependency| dependency.dep_kinds.iter().any(|kind| kind.kind.is_none());
        let edges = metadata.resolve.nodes.into_iter().map(|node| {
            let targets =
                node.deps.iter().filter(|dependency| normal(dependency)).map(|dependency| dependency.pkg.clone());
            (node.id, targets.collect())
        });
        Self { names, members: metadata.workspace_members.into_iter().collect(), edges: edges.collect() }
    }

    fn name<'a>(&'a self, id: &'a str) -> &'a str {
        self.names.get(id).map_or(id, String::as_str)
    }

    fn direct(&self, id: &str) -> impl Iterator<Item = &String> {
        self.edges.get(id).into_iter().flatten()
    }

    fn reachable(&self, id: &str) -> BTreeSet<&str> {
        let mut seen: BTreeSet<&String> = BTreeSet::new();
        let mut open: Vec<&String> = self.direct(id).collect();
        while let Some(next) = open.pop() {
            if seen.insert(next) {
                open.extend(self.direct(next));
            }
        }
        seen.into_iter().map(|id| self.name(id)).collect()
    }

    /// One sentence for each breach.
    fn breaches(&self, walls: &[Wall]) -> Vec<String> {
        let mut breaches = Vec::new();
        for id in &self.members {
            let name = self.name(id);
            let Some(wall) = walls.iter().find(|wall| wall.name == name) else {
                breaches.push(format!("{name} has no row in the table of walls"));
                continue;
            };
            for ours in self.direct(id).filter(|target| self.members.contains(*target)).map(|target| self.name(target))
            {
                if !wall.may_use.contains(&ours) {
                    breaches.push(format!("{name} uses {ours}, which it may not"));
                }
            }
            let reachable = self.reachable(id);
            for foreign in wall.never_knows.iter().filter(|foreign| reachable.contains(*foreign)) {
                breaches.push(format!("{name} reaches {foreign}, which it must not know"));
            }
            let forbidden =
                NOT_DIRECTLY.iter().filter(|(crate_name, _)| *crate_name == name).flat_map(|(_, list)| *list);
            for foreign in forbidden {
                if self.direct(id).any(|target| self.name(target) == *foreign) {
                    breaches.push(format!("{name} names {foreign}, which it may only reach through another crate"));
                }
            }
        }
        breaches
    }
}

/// Checks the workspace against [`WALLS`].
pub(crate) fn check() -> Result<(), String> {
    let graph = Graph::load()?;
    let breaches = graph.breaches(WALLS);
    if !breaches.is_empty() {
        return Err(format!("the layering is broken:\n  {}", breaches.join("\n  ")));
    }
    println!("the layering holds: {} crates checked", graph.members.len());
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn graph(edges: &[(&str, &[&str])], members: &[&str]) -> Graph {
        let all = edges.iter().flat_map(|(from, to)| std::iter::once(*from).chain(to.iter().copied()));
        Graph {
            names: all.map(|name| (name.to_owned(), name.to_owned())).collect(),
            members: members.iter().map(|name| (*name).to_owned()).collect(),
            edges: edges
                .iter()
                .map(|(from, to)| ((*from).to_owned(), to.iter().map(|name| (*name).to_owned()).collect()))
                .collect(),
        }
    }

    #[track_caller]
    fn check(edges: &[(&str, &[&str])], members: &[&str], expected: &[&str]) {
        assert_eq!(graph(edges, members).breaches(WALLS), expected);
    }

    #[test]
    fn each_kind_of_breach_is_named() {
        check(&[("formats", &["billing"])], &["billing", "formats"], &[]);
        check(&[("billing", &["formats"])], &["billing", "formats"], &["billing uses formats, which it may not"]);
        check(
            &[("web", &["engine"]), ("engine", &["pool"]), ("pool", &["sqlx"])],
            &["web", "engine"],
            &["engine reaches sqlx, which it must not know", "web reaches sqlx, which it must not know"],
        );
        check(
            &[("web", &["parquet"])],
            &["web"],
            &["web names parquet, which it may only reach through another crate"],
        );
        check(&[("helpers", &[])], &["helpers"], &["helpers has no row in the table of walls"]);
    }
}
