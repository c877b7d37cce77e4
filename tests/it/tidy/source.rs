//! The sources of a crate, parsed: every production item of every file, and what it mentions.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use proc_macro2::{Delimiter, TokenStream, TokenTree};
use syn::{Attribute, Item, UseTree, spanned::Spanned, visit::Visit};

/// A source file.
pub(super) struct Source {
    /// Its path below the crate's `src/`, with `/`.
    pub(super) name: String,
    /// Its text.
    pub(super) text: String,
    /// What its production code mentions: `crate::plan::Step` as its segments, and the line.
    pub(super) paths: Vec<(Vec<String>, usize)>,
    /// The lines where production code is `async`.
    pub(super) waits: Vec<usize>,
    /// How many of its lines are production code, comments included.
    pub(super) lines: usize,
    /// The modules in files of their own that are compiled for tests only.
    test_modules: Vec<String>,
}

impl Source {
    /// The room that the file belongs to: the first part of its path.
    pub(super) fn room(&self) -> &str {
        let first = self.name.split('/').next().unwrap_or_default();
        first.trim_end_matches(".rs")
    }

    /// Whether the whole file is tests.
    fn is_tests(name: &str) -> bool {
        let mut parts = name.trim_end_matches(".rs").split('/');
        parts.any(|part| part == "tests")
    }

    /// A file with this text.
    pub(super) fn parse(name: &str, text: &str) -> Self {
        let file = syn::parse_file(text).unwrap_or_else(|error| panic!("{name}: {error}"));
        let mut reader = Reader::default();
        if !Self::is_tests(name) {
            reader.visit_file(&file);
        }
        let all = text.lines().count();
        Self {
            name: name.to_owned(),
            text: text.to_owned(),
            paths: reader.paths,
            waits: reader.waits,
            lines: if Self::is_tests(name) {
                0
            } else {
                all - reader.test_lines
            },
            test_modules: reader.test_modules,
        }
    }

    /// The same file, of which nothing is production code.
    fn without_production(self) -> Self {
        Self {
            paths: Vec::new(),
            waits: Vec::new(),
            lines: 0,
            ..self
        }
    }
}

/// All sources below `src` of the crate in `directory`, but for those of crates within it.
pub(super) fn sources(directory: &str) -> Vec<Source> {
    fn collect(dir: &Path, root: &Path, found: &mut Vec<Source>) {
        for entry in fs::read_dir(dir).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                if !path.join("Cargo.toml").exists() {
                    collect(&path, root, found);
                }
            } else if path.extension().is_some_and(|e| e == "rs") {
                let name = path.strip_prefix(root).unwrap().to_str().unwrap();
                let text = fs::read_to_string(&path).unwrap();
                found.push(Source::parse(&name.replace('\\', "/"), &text));
            }
        }
    }
    let root: PathBuf = [env!("CARGO_MANIFEST_DIR"), directory, "src"]
        .iter()
        .collect();
    let mut found = Vec::new();
    collect(&root, &root, &mut found);
    found.sort_by(|a, b| a.name.cmp(&b.name));
    let tests: BTreeSet<String> = found
        .iter()
        .flat_map(|source| {
            let parent = source.name.trim_end_matches(".rs");
            let modules = source.test_modules.iter();
            modules.map(move |module| format!("{parent}/{module}.rs"))
        })
        .collect();
    let found: Vec<Source> = found
        .into_iter()
        .map(|source| {
            if tests.contains(&source.name) {
                source.without_production()
            } else {
                source
            }
        })
        .collect();
    assert!(found.len() > 30, "the sources were found");
    found
}

#[derive(Default)]
struct Reader {
    paths: Vec<(Vec<String>, usize)>,
    waits: Vec<usize>,
    test_lines: usize,
    test_modules: Vec<String>,
}

/// Whether an item is compiled for tests only.
fn is_test(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        attribute.path().is_ident("cfg")
            && attribute
                .parse_args::<syn::Path>()
                .is_ok_and(|path| path.is_ident("test"))
    })
}

fn attributes(item: &Item) -> &[Attribute] {
    match item {
        Item::Const(item) => &item.attrs,
        Item::Enum(item) => &item.attrs,
        Item::Fn(item) => &item.attrs,
        Item::Impl(item) => &item.attrs,
        Item::Macro(item) => &item.attrs,
        Item::Mod(item) => &item.attrs,
        Item::Static(item) => &item.attrs,
        Item::Struct(item) => &item.attrs,
        Item::Trait(item) => &item.attrs,
        Item::Type(item) => &item.attrs,
        Item::Use(item) => &item.attrs,
        Item::ExternCrate(_)
        | Item::ForeignMod(_)
        | Item::TraitAlias(_)
        | Item::Union(_)
        | Item::Verbatim(_)
        | _ => &[],
    }
}

impl Reader {
    fn test_item(&mut self, item: &impl Spanned) {
        let span = item.span();
        self.test_lines += span.end().line - span.start().line + 1;
    }

    fn leaves(&mut self, tree: &UseTree, before: &[String]) {
        let mut path = before.to_vec();
        match tree {
            UseTree::Path(tree) => {
                path.push(tree.ident.to_string());
                self.leaves(&tree.tree, &path);
            }
            UseTree::Group(tree) => {
                for tree in &tree.items {
                    self.leaves(tree, &path);
                }
            }
            UseTree::Name(name) => {
                if name.ident != "self" {
                    path.push(name.ident.to_string());
                }
                self.paths.push((path, name.span().start().line));
            }
            UseTree::Rename(name) => {
                if name.ident != "self" {
                    path.push(name.ident.to_string());
                }
                self.paths.push((path, name.span().start().line));
            }
            UseTree::Glob(glob) => self.paths.push((path, glob.span().start().line)),
        }
    }

    /// The paths in the tokens of a macro, which are not parsed.
    fn tokens(&mut self, tokens: TokenStream) {
        let mut path: Vec<String> = Vec::new();
        let mut colons = 0;
        let mut line = 0;
        for token in tokens {
            match token {
                TokenTree::Ident(ident) if path.is_empty() || colons == 2 => {
                    if path.is_empty() {
                        line = ident.span().start().line;
                    }
                    path.push(ident.to_string());
                    colons = 0;
                    continue;
                }
                TokenTree::Punct(punct) if punct.as_char() == ':' => {
                    colons += 1;
                    continue;
                }
                TokenTree::Ident(ident) => {
                    self.path(std::mem::take(&mut path), line);
                    line = ident.span().start().line;
                    path.push(ident.to_string());
                }
                TokenTree::Group(group) => {
                    // `use` trees don't stand in macros, so a group ends a path.
                    self.path(std::mem::take(&mut path), line);
                    if group.delimiter() != Delimiter::None {
                        self.tokens(group.stream());
                    }
                }
                TokenTree::Punct(_) | TokenTree::Literal(_) => {
                    self.path(std::mem::take(&mut path), line);
                }
            }
            colons = 0;
        }
        self.path(path, line);
    }

    fn path(&mut self, path: Vec<String>, line: usize) {
        if path.len() > 1 {
            self.paths.push((path, line));
        }
    }
}

impl<'ast> Visit<'ast> for Reader {
    fn visit_item(&mut self, item: &'ast Item) {
        if is_test(attributes(item)) {
            self.test_item(item);
            if let Item::Mod(module) = item
                && module.content.is_none()
            {
                self.test_modules.push(module.ident.to_string());
            }
        } else {
            syn::visit::visit_item(self, item);
        }
    }

    fn visit_impl_item_fn(&mut self, item: &'ast syn::ImplItemFn) {
        if is_test(&item.attrs) {
            self.test_item(item);
        } else {
            syn::visit::visit_impl_item_fn(self, item);
        }
    }

    fn visit_item_use(&mut self, item: &'ast syn::ItemUse) {
        self.leaves(&item.tree, &[]);
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        let line = path.span().start().line;
        let segments = path.segments.iter().map(|s| s.ident.to_string());
        self.path(segments.collect(), line);
        syn::visit::visit_path(self, path);
    }

    fn visit_macro(&mut self, item: &'ast syn::Macro) {
        self.visit_path(&item.path);
        self.tokens(item.tokens.clone());
    }

    fn visit_signature(&mut self, signature: &'ast syn::Signature) {
        if let Some(token) = signature.asyncness {
            self.waits.push(token.span.start().line);
        }
        syn::visit::visit_signature(self, signature);
    }

    fn visit_expr_async(&mut self, block: &'ast syn::ExprAsync) {
        self.waits.push(block.async_token.span.start().line);
        syn::visit::visit_expr_async(self, block);
    }
}

/// The file of the same crate that `path`, which stands in the file `name`, is imported from;
/// `None` for another crate, and for the modules within the file's own: that a parent uses what it
/// consists of is how a folder is made, and no import.
pub(super) fn file_of<'a>(
    path: &[String],
    name: &str,
    names: &BTreeSet<&'a str>,
) -> Option<&'a str> {
    let (first, mut rest) = path.split_first()?;
    let whole = name.trim_end_matches(".rs");
    let mut module: Vec<&str> = if ["lib", "main"].contains(&whole) {
        Vec::new()
    } else {
        whole.split('/').collect()
    };
    match first.as_str() {
        "crate" => module.clear(),
        "super" => {
            module.pop();
            while let Some((next, after)) = rest.split_first()
                && next == "super"
            {
                module.pop();
                rest = after;
            }
        }
        _ => return None,
    }
    let within = module.len();
    let segments: Vec<&str> = module
        .into_iter()
        .chain(rest.iter().map(String::as_str))
        .collect();
    let shortest = if first == "super" {
        within.max(1)
    } else {
        within + 1
    };
    (shortest..=segments.len()).rev().find_map(|length| {
        let name = format!("{}.rs", segments[..length].join("/"));
        names.get(name.as_str()).copied()
    })
}

#[test]
fn paths_lead_to_files() {
    let names = BTreeSet::from(["a.rs", "a/b.rs", "a/b/c.rs", "d.rs"]);
    for (path, file) in [
        ("crate::a::b::Thing", Some("a/b.rs")),
        ("super::Thing", Some("a.rs")),
        ("super::super::d::Thing", Some("d.rs")),
        ("c::Thing", None),
        ("self::c::Thing", None),
        ("std::fs", None),
    ] {
        let path: Vec<String> = path.split("::").map(str::to_owned).collect();
        assert_eq!(file_of(&path, "a/b.rs", &names), file, "{path:?}");
    }
}
