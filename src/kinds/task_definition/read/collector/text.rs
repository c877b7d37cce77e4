//! The text of a collector's configuration, and where its characters stand: in a file of its own,
//! in a string of the stack file, or in one that could not be followed back.

use std::{ops::Range, path::PathBuf, sync::Arc};

use crate::{
    file::{
        interpolate::Names,
        placed::{Piece, Placed},
        problem::{Problem, Problems},
        source::Source,
        tree::Span,
    },
    model::template::{Segment, Template},
};

/// A configuration as the collector gets it, but for what is known only after apply: that is
/// spelled as in a stack file, `${workspace.remote_write_url}`.
#[derive(Clone, Debug)]
pub(crate) struct ConfigText {
    /// The text.
    pub(crate) text: String,
    /// Where references to the stack's resources stand in it.
    references: Vec<Range<usize>>,
    /// Which part of the text stands where.
    placed: Placed,
    /// The file that they stand in, if it is not the stack file.
    file: Option<Arc<Source>>,
    /// Where the stack file holds or names the configuration.
    pub(crate) whole: Span,
}

/// Puts a text together out of pieces.
#[derive(Default)]
struct Joined {
    text: String,
    references: Vec<Range<usize>>,
    pieces: Vec<Piece>,
}

impl Joined {
    fn push(&mut self, text: &str, source: Range<usize>) {
        let start = self.text.len();
        self.text.push_str(text);
        let text = start..self.text.len();
        self.pieces.push(Piece { text, source });
    }

    fn push_segment(&mut self, segment: &Segment, source: Range<usize>) {
        match segment {
            Segment::Literal(text) => self.push(text, source),
            Segment::Reference(reference) => {
                let start = self.text.len();
                self.push(&reference.to_string(), source);
                self.references.push(start..self.text.len());
            }
        }
    }
}

impl ConfigText {
    /// The configuration that `template`, a string of `source` at `span`, holds. What people call
    /// it is `name`, if its lines can't be shown where they stand.
    pub(crate) fn in_stack(template: &Template, span: &Span, source: &Source, name: &str) -> Self {
        let mut joined = Joined::default();
        for segment in template.segments() {
            joined.push_segment(segment, 0..0);
        }
        let (text, references) = (joined.text, joined.references);
        let placed = Placed::in_string(&text, span, &source.text);
        let is_aligned = placed.is_some();
        let placed = placed.unwrap_or_else(|| Placed::as_it_is(0..text.len()));
        let file = (!is_aligned).then(|| {
            Arc::new(Source {
                path: PathBuf::from(format!("{}: {name}", source.path.display())),
                text: text.clone(),
            })
        });
        Self {
            text,
            references,
            placed,
            file,
            whole: span.clone(),
        }
    }

    /// The configuration in a file that the stack file names at `span`.
    ///
    /// It is taken as it is, but for what only amp-stack knows: `${workspace.remote_write_url}`,
    /// `${var.NAME}` and whatever else a stack file can mention. A name with a dot in it is none of
    /// a variable of the environment, so nothing that the collector would fill in is taken from it.
    pub(crate) fn in_file(
        file: Source,
        span: &Span,
        names: &Names<'_>,
        problems: &mut Problems,
    ) -> Option<(Self, Template)> {
        let file = Arc::new(file);
        let mut found = Problems::default();
        let mut joined = Joined::default();
        let mut segments = Vec::new();
        let text = &file.text;
        let mut at = 0;
        for reference in references(text) {
            let inner = &text[reference.start + 2..reference.end - 1];
            let before = at..reference.start;
            let literal = Segment::Literal(text[before.clone()].to_owned());
            joined.push_segment(&literal, before);
            segments.push(literal);
            if let Some(segment) = names.look_up(inner, &reference, &mut found) {
                joined.push_segment(&segment, reference.clone());
                segments.push(segment);
            }
            at = reference.end;
        }
        let rest = Segment::Literal(text[at..].to_owned());
        joined.push_segment(&rest, at..text.len());
        segments.push(rest);
        let is_sound = found.is_empty();
        found.move_to(&file, Some(span));
        problems.absorb(found);
        is_sound.then(|| {
            let template = Template::from_segments(segments);
            let text = Self {
                text: joined.text,
                references: joined.references,
                placed: Placed::of_pieces(joined.pieces, span.clone()),
                file: Some(file),
                whole: span.clone(),
            };
            (text, template)
        })
    }

    /// Returns whether a reference to one of the stack's resources stands just here.
    pub(crate) fn is_reference(&self, place: &Range<usize>) -> bool {
        self.references.contains(place)
    }

    /// Where a part of the text stands.
    pub(crate) fn place(&self, part: &Span) -> Span {
        self.placed.place(part)
    }

    /// Reports a problem at a part of the text.
    pub(crate) fn report<'p>(
        &self,
        problems: &'p mut Problems,
        code: &'static str,
        part: &Span,
        label: impl Into<String>,
        message: impl Into<String>,
    ) -> &'p mut Problem {
        let problem = problems.add(code, &self.place(part), label, message);
        if let Some(file) = &self.file {
            problem.file = Some(Arc::clone(file));
            problem.named_at = Some(self.whole.clone());
        }
        problem
    }
}

/// The places of `${…}` in `text` that are amp-stack's to fill in.
fn references(text: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    for (start, _) in text.match_indices("${") {
        let Some(length) = text[start..].find('}') else {
            break;
        };
        let inner = &text[start + 2..start + length];
        // `$${` is the collector's way to write `${`.
        let is_escaped = text[..start].ends_with('$');
        let is_word = |c: char| c.is_ascii_alphanumeric() || "_-.".contains(c);
        if !is_escaped && inner.contains('.') && inner.chars().all(is_word) {
            found.push(start..start + length + 1);
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{
        address::Address,
        template::{Attribute, Reference},
    };

    fn template(segments: &[Result<&str, Attribute>]) -> Template {
        Template::from_segments(segments.iter().map(|segment| match segment {
            Ok(text) => Segment::Literal((*text).to_owned()),
            Err(attribute) => Segment::Reference(Reference {
                address: Address::workspace(),
                attribute: *attribute,
            }),
        }))
    }

    /// Where `word` of the text is shown, in a string that is all of a stack file's `source`.
    fn shown(source: &str, template: &Template, word: &str) -> (String, bool) {
        let source = Source {
            path: "stack.toml".into(),
            text: source.to_owned(),
        };
        let span = 0..source.text.len();
        let text = ConfigText::in_stack(template, &span, &source, "X");
        let start = text.text.find(word).unwrap();
        let place = text.place(&(start..start + word.len()));
        let file = text.file.as_deref().unwrap_or(&source);
        (file.text[place].to_owned(), text.file.is_some())
    }

    #[test]
    fn a_string_is_followed_back_to_its_characters() {
        let plain = template(&[Ok("a: ü\nb: c\n")]);
        assert_eq!(
            shown("'''\na: ü\nb: c\n'''", &plain, "b"),
            ("b".into(), false)
        );
        let filled = template(&[
            Ok("a: ${env:A}\nb: 42 "),
            Err(Attribute::Id),
            Ok("/x\nc: d"),
        ]);
        let source = "\"\"\"a: $${env:A}\nb: ${var.answer} ${workspace.id}/x\nc: d\"\"\"";
        for (word, place) in [
            ("env:A", "env:A"),
            ("b", "b"),
            ("42", "${var.answer}"),
            ("/x", "/x"),
            ("c: d", "c: d"),
            ("2 ${workspace.id}/", "${var.answer} ${workspace.id}/"),
        ] {
            assert_eq!(
                shown(source, &filled, word),
                (place.into(), false),
                "{word}"
            );
        }
    }

    #[test]
    fn a_string_with_escapes_is_shown_by_itself() {
        let text = template(&[Ok("a: 1\nb: 2\n")]);
        assert_eq!(shown("\"a: 1\\nb: 2\\n\"", &text, "b"), ("b".into(), true));
        assert_eq!(shown("\"task.json\"", &text, "b"), ("b".into(), true));
    }

    #[test]
    fn what_the_collector_fills_in_is_left_to_it() {
        let found = |text: &str| -> Vec<String> {
            let places = references(text).into_iter();
            places.map(|place| text[place].to_owned()).collect()
        };
        assert_eq!(
            found("${workspace.id} ${env:A} ${A} $${a.b} ${1} ${yaml:a.b} ${var.x}"),
            ["${workspace.id}", "${var.x}"]
        );
        assert!(found("${workspace.id").is_empty());
    }
}
