//! Which rules a text cites.
//!
//! ```text
//!   // S2, S3: a group ends ..      the comment on a test: codes at the start of a line, then a colon or the line's end
//!   /// Rules: S1, J1-J3.           documentation with an example
//!   fn x2_s3_cancel_reaches()       the name of a test
//! ```

use super::list::Code;

/// The codes at the start of a line of a comment, without its slashes; empty if the line cites nothing.
pub(super) fn comment(line: &str) -> Vec<Code> {
    let (codes, rest) = codes(line);
    let rest = rest.trim();
    if rest.is_empty() || rest == "." || rest.contains(':') { codes } else { Vec::new() }
}

/// The codes after `Rule:` or `Rules:` in a line of documentation.
pub(super) fn documentation(line: &str) -> Vec<Code> {
    let after = ["Rules: ", "Rule: "].iter().find_map(|word| Some(&line[line.find(word)? + word.len()..]));
    after.map(|text| codes(text).0).unwrap_or_default()
}

/// The codes a test's name begins with; those that `known` does not know are words of the name (`u8_values`).
pub(super) fn name(name: &str, known: impl Fn(Code) -> bool) -> Vec<Code> {
    let code = |part: &str| part.to_uppercase().parse().ok().filter(|code| known(*code));
    name.split('_').map_while(code).collect()
}

/// A list of codes: separated by commas and `and`, with `-` or `to` for a range.
fn codes(text: &str) -> (Vec<Code>, &str) {
    let mut found: Vec<Code> = Vec::new();
    let mut rest = text.trim_start();
    let mut range = false;
    while let Some((code, after)) = Code::read(rest) {
        match found.last().copied().filter(|_| range).and_then(|first| first.up_to(code)) {
            Some(codes) => found.extend(codes.skip(1)),
            None => found.push(code),
        }
        rest = after;
        let next = [", and ", ", ", " and ", "-", " to "].iter().find_map(|sep| Some((sep, rest.strip_prefix(sep)?)));
        match next {
            Some((separator, after)) if Code::read(after).is_some() => {
                range = matches!(*separator, "-" | " to ");
                rest = after;
            }
            _ => break,
        }
    }
    (found, rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(codes: Vec<Code>) -> String {
        codes.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn comments_cite_at_the_start_of_a_line() {
        assert_eq!(text(comment("S2, S3: a group ends")), "S2 S3");
        assert_eq!(text(comment("L1, L3, and L9 and X5: all")), "L1 L3 L9 X5");
        assert_eq!(text(comment("F1, V1")), "F1 V1");
        assert_eq!(text(comment("L1 with time: a ticker")), "L1");
        assert_eq!(text(comment("F1 to F5 and E1-E3: frames")), "F1 F2 F3 F4 F5 E1 E2 E3");
        assert_eq!(text(comment("S3 says so")), "");
        assert_eq!(text(comment("as S3: says")), "");
        assert_eq!(text(comment("S3x: no code")), "");
    }

    #[test]
    fn documentation_cites_after_a_word() {
        assert_eq!(text(documentation("Every live task. Rule: D5.")), "D5");
        assert_eq!(text(documentation("Rules: J1-J3, X1.")), "J1 J2 J3 X1");
        assert_eq!(text(documentation("as it must (S5)")), "");
    }

    #[test]
    fn names_cite_with_their_first_words() {
        let known = |code: Code| code.to_string() != "U8";
        assert_eq!(text(name("x2_s10_cancel_s1", known)), "X2 S10");
        assert_eq!(text(name("u8_values", known)), "");
        assert_eq!(text(name("s3e_values", known)), "");
    }
}
