//! The objects that a statement creates, drops or alters.

use super::state::State;
use super::summarizer::Summarizer;
use crate::sanitize::keyword::Keyword;
use crate::sanitize::lexer::Token;
use crate::sanitize::lookahead::{next_byte, next_word};

/// Words between `CREATE` and the kind of an index that are left out.
const ATTRIBUTES: &[&[u8]] = &[b"PRIMARY", b"SELECTIVE"];

/// Kinds of objects whose names begin with `DATABASE`.
const KINDS_WITHIN_DATABASES: &[&[u8]] = &[b"AUDIT", b"ENCRYPTION", b"LINK", b"SCOPED"];

/// First words of kinds such as `SECURITY POLICY`.
const FIRST_HALVES: &[&[u8]] =
    &[b"COLUMN", b"CRYPTOGRAPHIC", b"DATA", b"ENCRYPTION", b"EXTERNAL", b"FILE", b"SCOPED", b"SECURITY"];

/// Kinds of objects that have a name.
const NAMED_KINDS: &[&[u8]] =
    &[b"AUDIT", b"FORMAT", b"LINK", b"POLICY", b"PROVIDER", b"SOURCE", b"SPECIFICATION"];

fn contains(words: &[&[u8]], word: &[u8]) -> bool {
    words.iter().any(|known| word.eq_ignore_ascii_case(known))
}

impl Summarizer<'_> {
    /// Reads the kind of the object that a statement creates, drops or alters.
    pub(super) fn object(&mut self, token: Token, keyword: Keyword) {
        match keyword {
            Keyword::Unique
            | Keyword::Temp
            | Keyword::Temporary
            | Keyword::Or
            | Keyword::Replace
            | Keyword::Alter
            | Keyword::Materialized
            | Keyword::Global
            | Keyword::Local
            | Keyword::Unlogged
            | Keyword::Virtual
            | Keyword::Clustered
            | Keyword::Nonclustered
            | Keyword::Columnstore
            | Keyword::Bitmap
            | Keyword::Spatial
            | Keyword::Fulltext
            | Keyword::Public
            | Keyword::Editionable
            | Keyword::Noneditionable => {}
            // The first half of a kind such as `SYMMETRIC KEY`.
            Keyword::Symmetric
            | Keyword::Asymmetric
            | Keyword::Partition
            | Keyword::Availability
            | Keyword::Application
            | Keyword::Resource
            | Keyword::Workload
            | Keyword::Server
            | Keyword::Service
            | Keyword::Xml => {
                self.operation(token, State::Object);
            }
            // A database has one master key, without a name. Those of columns have names.
            Keyword::Master => {
                let before = self.sql[..token.start].trim_ascii_end().as_bytes();
                self.has_no_name = !before.to_ascii_uppercase().ends_with(b"COLUMN");
                self.operation(token, State::Object);
            }
            // `CREATE DATABASE LINK l`
            Keyword::Database
                if contains(KINDS_WITHIN_DATABASES, next_word(self.sql.as_bytes(), token.end)) =>
            {
                self.operation(token, State::Object);
            }
            Keyword::User
            | Keyword::Role
            | Keyword::Database
            | Keyword::Login
            | Keyword::Certificate
            | Keyword::Credential
            | Keyword::Log
            | Keyword::Synonym
            | Keyword::Statistics
            | Keyword::Catalog => {
                self.operation(token, State::ObjectName);
            }
            Keyword::Key => {
                let then = if self.has_no_name { State::AfterObject } else { State::ObjectName };
                self.operation(token, then);
            }
            Keyword::Procedure | Keyword::Proc | Keyword::Function | Keyword::Trigger | Keyword::Event => {
                self.operation(token, State::ObjectName);
                self.may_have_password = false;
                if self.defines {
                    self.routine.open();
                }
            }
            Keyword::Table
            | Keyword::View
            | Keyword::Index
            | Keyword::Schema
            | Keyword::Sequence
            | Keyword::Type
            | Keyword::Extension => {
                self.operation(token, State::ObjectName);
                self.may_have_password = false;
            }
            _ if self.begins_attribute(token) => self.state = State::ObjectAttribute,
            _ => self.rare_object(token),
        }
    }

    /// Reads a word of a kind that has no keyword of its own.
    fn rare_object(&mut self, token: Token) {
        let word = &self.sql.as_bytes()[token.start..token.end];
        let next = next_word(self.sql.as_bytes(), token.end);
        if contains(ATTRIBUTES, word) {
            return;
        }
        let is_first_half = contains(FIRST_HALVES, word)
            || (word.eq_ignore_ascii_case(b"AUDIT") && contains(&[b"SPECIFICATION", b"POLICY"], next));
        let then = if is_first_half {
            State::Object
        } else if contains(NAMED_KINDS, word) {
            State::ObjectName
        } else {
            State::AfterObject
        };
        self.operation(token, then);
    }

    /// Returns whether `token` begins an attribute before the kind of an object: `DEFINER = root`, `SQL SECURITY
    /// INVOKER`.
    fn begins_attribute(&self, token: Token) -> bool {
        next_byte(self.sql.as_bytes(), token.end) == Some(b'=')
            || self.sql[token.start..token.end].eq_ignore_ascii_case("SQL")
    }

    pub(super) fn object_attribute(&mut self, token: Token, keyword: Keyword) {
        if matches!(
            keyword,
            Keyword::Procedure | Keyword::Function | Keyword::Trigger | Keyword::Event | Keyword::View
        ) {
            self.object(token, keyword);
        }
    }

    pub(super) fn object_name(&mut self, token: Token, keyword: Keyword) -> bool {
        match keyword {
            Keyword::If | Keyword::Not | Keyword::Exists | Keyword::Concurrently | Keyword::Only => false,
            // `CREATE INDEX ON t`, `ALTER DATABASE SET x = 1`
            Keyword::On | Keyword::Set => {
                self.state = State::AfterObject;
                false
            }
            _ => self.target(token, State::AfterObject),
        }
    }
}
