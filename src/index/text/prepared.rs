//! How an article's terms reach the library: as one text, parted again by the simplest of tokenizers. Handed over one by
//! one they would take twenty times the memory while they wait to be indexed.

use tantivy::tokenizer::{Token, TokenStream, Tokenizer};

use super::terms::{Run, Tongue, terms};

/// Its name in the schema.
pub(super) const NAME: &str = "prepared";
/// Between terms that stand at one place; a space ends the place. No term has either in it.
const ALSO: char = '\u{1}';

/// The terms of a text.
pub(super) fn prepare(text: &str, tongue: Tongue) -> String {
    let mut prepared = String::with_capacity(text.len() + text.len() / 4);
    for word in terms(text, tongue) {
        prepared.push_str(&word.written);
        if let Some(plain) = word.plain {
            prepared.push(ALSO);
            prepared.push_str(&plain);
        }
        prepared.push(if word.run == Run::In { ALSO } else { ' ' });
    }
    prepared
}

/// Parts what was prepared.
#[derive(Debug, Clone, Default)]
pub(super) struct Prepared {
    token: Token,
}

/// A text that is being parted.
pub(super) struct Parting<'a> {
    rest: &'a str,
    place: usize,
    token: &'a mut Token,
}

impl Tokenizer for Prepared {
    type TokenStream<'a> = Parting<'a>;

    fn token_stream<'a>(&'a mut self, text: &'a str) -> Parting<'a> {
        self.token.reset();
        Parting { rest: text, place: 0, token: &mut self.token }
    }
}

impl TokenStream for Parting<'_> {
    fn advance(&mut self) -> bool {
        let Some(end) = self.rest.find([' ', ALSO]) else { return false };
        self.token.text.clear();
        self.token.text.push_str(&self.rest[..end]);
        self.token.position = self.place;
        self.place += usize::from(self.rest[end..].starts_with(' '));
        self.rest = &self.rest[end + 1..];
        true
    }

    fn token(&self) -> &Token {
        self.token
    }

    fn token_mut(&mut self) -> &mut Token {
        self.token
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_prepared_is_parted_again() {
        let text = prepare("Déplacée, l’aide d’urgence", Tongue::French);
        let mut tokenizer = Prepared::default();
        let mut stream = tokenizer.token_stream(&text);
        let mut parted = Vec::new();
        while stream.advance() {
            parted.push((stream.token().position, stream.token().text.clone()));
        }
        let want = [(0, "fdeplac"), (0, "fdeplace"), (1, "fl"), (1, "faid"), (2, "fd"), (2, "furgenc")];
        assert_eq!(parted, want.map(|(place, term)| (place, term.to_owned())));
    }
}
