//! The objects that a statement creates, drops or alters.

use super::state::State;
use super::summarizer::Summarizer;
use crate::sanitize::keyword::Keyword;
use crate::sanitize::lexer::Token;
use crate::sanitize::lookahead::next_byte;

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
            // A database has one master key, without a name.
            Keyword::Master => {
                self.operation(token, State::Object);
                self.has_no_name = true;
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
            _ => {
                self.operation(token, State::AfterObject);
            }
        }
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
            Keyword::On => {
                self.state = State::AfterObject;
                false
            }
            _ => self.target(token, State::AfterObject),
        }
    }
}
