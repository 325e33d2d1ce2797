//! Unquoted values in a query.
//!
//! Most values are literals, which the lexer recognizes. In some positions a bare word is a value too, and may be a
//! secret:
//!
//! | position | example |
//! |---|---|
//! | a setting | `SET app.secret TO word`, `ALTER ROLE r SET x = word`, `PRAGMA key = word` |
//! | a password or key | `PASSWORD word`, `IDENTIFIED BY word`, `SECRET = word` |
//! | an option | `OPTIONS (user word)` |
//! | an argument in T-SQL | `EXEC sp_addlogin bob, word` |
//! | credentials | `CONNECT scott/tiger` |
//! | data after the statement | lines after `COPY … FROM stdin;`, `INSERT INTO t FORMAT CSV …` |
//!
//! The values of settings that are known to be harmless stay visible, as in `SET search_path TO shop`.

mod argument;
mod harmless;
mod secret;
mod secret_word;
mod setting;
mod statement;
mod tracker;

pub(super) use tracker::{Seen, Tracker, Verdict};
