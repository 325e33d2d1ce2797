//! Texts of commands: values of `db.query.text`.

use redis::{Arg, Cmd, Pipeline};
use tracing_core_lite::layer_support::StackText;

use super::CommandName;

/// The longest text of a command or a pipeline, in bytes. A longer one is cut.
const MAX_TEXT: usize = 512;

/// The number of arguments of one command that the text has, hidden or not.
const MAX_ARGUMENTS: usize = 16;

/// The longest argument that is shown, in bytes.
const MAX_ARGUMENT: usize = 64;

/// How much of a command `db.query.text` shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum CommandText {
    /// Nothing: `db.query.text` is not recorded.
    Hidden,
    /// The command, and `?` for each argument: `SET ? ?`.
    #[default]
    Redacted,
    /// As [`Redacted`](CommandText::Redacted), and the key of commands whose first argument is a key:
    /// `SET price:4711 ?`. Everybody who sees the traces can read it.
    Keys,
}

/// The value of `db.query.text`.
pub(crate) struct QueryText(StackText<MAX_TEXT>);

impl QueryText {
    pub(crate) fn of(command: &Cmd, policy: CommandText) -> Self {
        let mut text = Self(StackText::new());
        text.push(command, policy);
        text
    }

    /// Returns the texts of all commands with `; ` between them.
    pub(crate) fn of_pipeline(pipeline: &Pipeline, policy: CommandText) -> Self {
        let mut text = Self(StackText::new());
        for (index, command) in pipeline.cmd_iter().enumerate() {
            if text.0.is_cut() {
                break;
            }
            if index > 0 {
                text.0.push("; ");
            }
            text.push(command, policy);
        }
        text
    }

    fn push(&mut self, command: &Cmd, policy: CommandText) {
        let name = CommandName::of(command);
        self.0.push(name.as_str());
        for (index, argument) in command.args_iter().skip(1).enumerate() {
            if index == MAX_ARGUMENTS {
                self.0.push(" ...");
                break;
            }
            let shown = match argument {
                Arg::Simple(key)
                    if index == 0 && policy == CommandText::Keys && has_key_first(name.as_str()) =>
                {
                    std::str::from_utf8(key).ok().filter(|key| key.len() <= MAX_ARGUMENT)
                }
                _ => None,
            };
            self.0.push(" ").push(shown.unwrap_or("?"));
        }
    }

    pub(crate) fn as_str(&self) -> &str {
        self.0.as_str()
    }
}

/// Common commands whose first argument is a key. The arguments of all others, such as `AUTH`, `EVAL` and `CONFIG`, are hidden.
#[rustfmt::skip] // rustfmt would put each name on a line of its own.
const KEY_FIRST: &[&str] = &[
    "APPEND", "DECR", "DECRBY", "DEL", "EXISTS", "EXPIRE", "EXPIREAT", "GET", "GETDEL", "GETEX", "GETRANGE",
    "HDEL", "HEXISTS", "HGET", "HGETALL", "HINCRBY", "HKEYS", "HLEN", "HMGET", "HSET", "HSETNX", "HVALS",
    "INCR", "INCRBY", "INCRBYFLOAT", "LINDEX", "LLEN", "LPOP", "LPUSH", "LRANGE", "LREM", "LTRIM", "MGET",
    "PERSIST", "PEXPIRE", "PTTL", "RPOP", "RPUSH", "SADD", "SCARD", "SET", "SETEX", "SETNX", "SETRANGE",
    "SISMEMBER", "SMEMBERS", "SREM", "STRLEN", "TTL", "TYPE", "UNLINK", "XADD", "XLEN", "XRANGE", "ZADD",
    "ZCARD", "ZINCRBY", "ZRANGE", "ZRANK", "ZREM", "ZSCORE",
];

fn has_key_first(name: &str) -> bool {
    KEY_FIRST.binary_search(&name).is_ok()
}

#[cfg(test)]
mod tests {
    use redis::{cmd, pipe};

    use super::*;

    #[test]
    fn texts() {
        let set = || cmd("set").arg("user:1").arg("secret").arg("EX").arg(60).to_owned();
        let many = cmd("MGET").arg((0..40).collect::<Vec<_>>()).to_owned();
        let auth = cmd("AUTH").arg("secret").to_owned();
        for (command, policy, expected) in [
            (set(), CommandText::Redacted, "SET ? ? ? ?".to_owned()),
            (set(), CommandText::Keys, "SET user:1 ? ? ?".to_owned()),
            (auth, CommandText::Keys, "AUTH ?".to_owned()),
            (cmd("GET").arg("k".repeat(65)).to_owned(), CommandText::Keys, "GET ?".to_owned()),
            (cmd("GET").arg(b"\xff").to_owned(), CommandText::Keys, "GET ?".to_owned()),
            (many, CommandText::Redacted, format!("MGET{} ...", " ?".repeat(16))),
            (cmd("PING"), CommandText::Redacted, "PING".to_owned()),
        ] {
            assert_eq!(QueryText::of(&command, policy).as_str(), expected);
        }
    }

    #[test]
    fn texts_of_pipelines() {
        let mut mixed = pipe();
        mixed.atomic().set("a", 1).get("b");
        assert_eq!(QueryText::of_pipeline(&mixed, CommandText::Redacted).as_str(), "SET ? ?; GET ?");
        let mut long = pipe();
        (0..1000).for_each(|index| {
            long.get(index);
        });
        assert_eq!(QueryText::of_pipeline(&long, CommandText::Redacted).as_str().len(), MAX_TEXT);
    }

    #[test]
    fn the_list_can_be_searched() {
        assert!(KEY_FIRST.is_sorted());
        assert!(has_key_first("GET") && !has_key_first("AUTH") && !has_key_first("EVAL"));
    }
}
