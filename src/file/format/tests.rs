use std::path::PathBuf;

use super::*;

fn formatted(text: &str) -> String {
    let source = Source {
        path: PathBuf::from("stack.toml"),
        text: text.to_owned(),
    };
    format(&source).unwrap_or_else(|problems| panic!("{text}: {problems:?}"))
}

#[track_caller]
fn assert_becomes(from: &str, to: &str) {
    assert_eq!(formatted(from), to);
    assert_eq!(formatted(to), to, "formatting again");
}

#[test]
fn wide_letters_count_as_two_columns() {
    let text = "[tags]\n\"비용\" = \"a\"\nteam = \"b\"\n";
    assert_eq!(
        formatted(text),
        "[tags]\n\"비용\" = \"a\"\nteam   = \"b\"\n"
    );
}

#[test]
fn nothing_stays_nothing() {
    for text in ["", "\n\n", "  \r\n\t\n", "\u{feff}\n"] {
        assert_becomes(text, "");
    }
}

#[test]
fn one_blank_line_stands_between_tables_and_none_below_a_header() {
    assert_becomes(
        "\n\n[a]\n\nx=1\n\n\n\ny=2\n[b]\n[c]\n\n\n",
        "[a]\nx = 1\n\ny = 2\n\n[b]\n\n[c]\n",
    );
}

#[test]
fn comments_right_on_a_header_belong_to_it() {
    assert_becomes(
        "# file\n\n[a]\n\n# of a\nx = 1\n# of b\n# too\n[b]\n# x = 1\n\n[c]\n\n# last\n",
        "# file\n\n[a]\n# of a\nx = 1\n\n# of b\n# too\n[b]\n# x = 1\n\n[c]\n# last\n",
    );
    assert_becomes("[a]\n# of b\n[b]\n", "[a]\n\n# of b\n[b]\n");
}

#[test]
fn equals_signs_of_neighbours_stand_in_a_column() {
    assert_becomes(
        "a=1\nlong_key  = 2\n# between\nb.c =3\n\nd=4\n'e f'=5\ng = [ # why\n1]\nh=1\n",
        "a        = 1\nlong_key = 2\n# between\nb.c      = 3\n\nd     = 4\n\"e f\" = 5\ng = [                                # why\n    1,\n]\nh = 1\n",
    );
}

#[test]
fn comments_of_neighbours_stand_in_a_column() {
    assert_becomes(
        "[a]#one\nb=1 #two\nc=\"a text that is longer than others\" # three\nd=2\n",
        "[a]                                  #one\nb = 1                                    #two\nc = \"a text that is longer than others\"  # three\nd = 2\n",
    );
    let long = "x".repeat(90);
    assert_becomes(
        &format!("a = \"{long}\" # far\nb = 1 # near\n"),
        &format!("a = \"{long}\"  # far\nb = 1                                # near\n"),
    );
}

#[test]
fn arrays_take_one_line_if_it_is_short() {
    assert_becomes("a = [\n  1 ,\n\n  2,\n]\n", "a = [1, 2]\n");
    assert_becomes("a = [ ]\nb = { }\n", "a = []\nb = {}\n");
    let element = "x".repeat(44);
    let fits = format!("a = [\"{element}\", \"{element}\"]\n");
    assert_eq!(width(fits.trim_end()), 100);
    assert_becomes(&fits, &fits);
    assert_becomes(
        &format!("ab = ['{element}', '{element}']"),
        &format!("ab = [\n    \"{element}\",\n    \"{element}\",\n]\n"),
    );
}

#[test]
fn comments_in_arrays_stay_where_they_are() {
    assert_becomes(
        "a = [ # open\n# first\n1 # one\n, # after\n\n\n  2 , 3 # three\n  # last\n] # close\n",
        "a = [                                # open\n    # first\n    1,                               # one\n    # after\n\n    2,\n    3,                               # three\n    # last\n]                                    # close\n",
    );
}

#[test]
fn inline_tables_stay_on_the_line_on_which_they_were_written() {
    let long = "x".repeat(100);
    let line = format!("a = {{ b = \"{long}\", c = {{ d = 1 }} }}\n");
    assert_becomes(&line, &line);
    assert_becomes("a={b=1,c . d=2}", "a = { b = 1, c.d = 2 }\n");
    assert_becomes("a = {\n b = 1,\n}\n", "a = { b = 1 }\n");
    assert_becomes(
        &format!("a = {{\n b = '{long}', ccc = 1 }}\n"),
        &format!("a = {{\n    b   = \"{long}\",\n    ccc = 1,\n}}\n"),
    );
    assert_becomes(
        "a = { b = 1, # why\n}",
        "a = {\n    b = 1,                           # why\n}\n",
    );
}

#[test]
fn what_is_empty_is_not_broken() {
    let long = format!("a = {{ b = \"{}\", c = {{}}, d = [] }}\n", "x".repeat(100));
    assert_becomes(&long, &long);
}

#[test]
fn arrays_within_a_table_on_one_line_may_take_more() {
    let element = "x".repeat(60);
    assert_becomes(
        &format!("a = {{ b = [\"{element}\", \"{element}\"], c = 1 }}"),
        &format!("a = {{ b = [\n    \"{element}\",\n    \"{element}\",\n], c = 1 }}\n"),
    );
}

#[test]
fn strings_get_double_quotes_where_nothing_needs_an_escape() {
    assert_becomes(
        "a = 'x'\nb = 'say \"x\"'\nc = 'back\\slash'\nd = \"\\u0041\"\n",
        "a = \"x\"\nb = 'say \"x\"'\nc = 'back\\slash'\nd = \"\\u0041\"\n",
    );
}

#[test]
fn strings_of_several_lines_are_left_alone() {
    let string = "\"\"\"\r\n  one  \n\n\n\ttwo \\\n   three\"\"\"";
    assert_becomes(
        &format!("aaa=1\r\nb={string} # why\r\nc='''x'''\r\n"),
        &format!("aaa = 1\nb = {string}  # why\nc = '''x'''\n"),
    );
    assert_becomes(
        &format!("a = [1, {string}]\n"),
        &format!("a = [\n    1,\n    {string},\n]\n"),
    );
}

#[test]
fn numbers_and_dates_are_left_alone() {
    assert_becomes(
        "a=0xFF\nb=+1e3\nc=1979-05-27 07:32:00Z\nd=1_000\n",
        "a = 0xFF\nb = +1e3\nc = 1979-05-27 07:32:00Z\nd = 1_000\n",
    );
}

#[test]
fn dotted_keys_and_tables_keep_their_order() {
    assert_becomes(
        "b.x = 1\na = 2\nb.y = 3\n[[z . \"q\" ]]\n[ c ]\n[b.d]\n",
        "b.x = 1\na   = 2\nb.y = 3\n\n[[z.\"q\"]]\n\n[c]\n\n[b.d]\n",
    );
}

#[test]
fn what_is_no_toml_is_reported() {
    let source = Source {
        path: PathBuf::from("stack.toml"),
        text: "a = \n[b]\nc = 1\nc = 2\n".to_owned(),
    };
    let problems = format(&source).expect_err("it is no TOML");
    assert!(problems.iter().all(|problem| problem.code == "syntax"));
    assert_eq!(problems.len(), 2);
}

/// The parser takes line ends around the `=` of a member of an inline table, which are no part of
/// its key.
#[test]
fn line_ends_around_an_equals_sign_go() {
    assert_becomes("a = { b\n = 1 }\n", "a = { b = 1 }\n");
    assert_becomes("a = { b.c\n =\n 1 }\n", "a = { b.c = 1 }\n");
}
