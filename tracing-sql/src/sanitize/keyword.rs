//! The words of SQL that tell where a statement's operation and its targets stand.

/// Longest keyword, in bytes.
const LONGEST: usize = 13;

macro_rules! keywords {
    ($($name:ident = $text:literal),+ $(,)?) => {
        /// A word that matters; every other is `Other`.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub(super) enum Keyword {
            $($name,)+
            Other,
        }

        fn look_up(upper: &[u8]) -> Keyword {
            match upper {
                $($text => Keyword::$name,)+
                _ => Keyword::Other,
            }
        }
    };
}

keywords! {
    All = b"ALL", Alter = b"ALTER", Analyze = b"ANALYZE", Apply = b"APPLY", Array = b"ARRAY", As = b"AS",
    Attach = b"ATTACH", Begin = b"BEGIN", By = b"BY", Call = b"CALL", Commit = b"COMMIT",
    Concurrently = b"CONCURRENTLY", Connect = b"CONNECT", Copy = b"COPY", Create = b"CREATE",
    Database = b"DATABASE", Deallocate = b"DEALLOCATE", Declare = b"DECLARE", Delete = b"DELETE",
    Describe = b"DESCRIBE", Detach = b"DETACH", Distinct = b"DISTINCT", Drop = b"DROP", End = b"END",
    Event = b"EVENT", Except = b"EXCEPT", Exec = b"EXEC", Execute = b"EXECUTE", Exists = b"EXISTS",
    Explain = b"EXPLAIN", Extension = b"EXTENSION", Fetch = b"FETCH", For = b"FOR", From = b"FROM",
    Function = b"FUNCTION", Global = b"GLOBAL", Grant = b"GRANT", Group = b"GROUP", Having = b"HAVING",
    Identified = b"IDENTIFIED", If = b"IF", Ignore = b"IGNORE", In = b"IN", Index = b"INDEX",
    Insert = b"INSERT", Intersect = b"INTERSECT", Into = b"INTO", Join = b"JOIN", Lateral = b"LATERAL",
    Limit = b"LIMIT", Listen = b"LISTEN", Local = b"LOCAL", Lock = b"LOCK", LowPriority = b"LOW_PRIORITY",
    Materialized = b"MATERIALIZED", Merge = b"MERGE", Minus = b"MINUS", Not = b"NOT", Notify = b"NOTIFY",
    Offset = b"OFFSET", On = b"ON", Only = b"ONLY", Or = b"OR", Order = b"ORDER", Password = b"PASSWORD",
    Pragma = b"PRAGMA", Prepare = b"PREPARE", Procedure = b"PROCEDURE", Recursive = b"RECURSIVE",
    Refresh = b"REFRESH", Reindex = b"REINDEX", Release = b"RELEASE", Replace = b"REPLACE",
    Returning = b"RETURNING", Revoke = b"REVOKE", Role = b"ROLE", Rollback = b"ROLLBACK",
    Savepoint = b"SAVEPOINT", Schema = b"SCHEMA", Select = b"SELECT", Sequence = b"SEQUENCE", Set = b"SET",
    Show = b"SHOW", Start = b"START", StraightJoin = b"STRAIGHT_JOIN", Table = b"TABLE", Tables = b"TABLES",
    Temp = b"TEMP", Temporary = b"TEMPORARY", To = b"TO", Transaction = b"TRANSACTION",
    Trigger = b"TRIGGER", Truncate = b"TRUNCATE", Type = b"TYPE", Union = b"UNION", Unique = b"UNIQUE",
    Unlisten = b"UNLISTEN", Unlogged = b"UNLOGGED", Update = b"UPDATE", Use = b"USE", User = b"USER",
    Vacuum = b"VACUUM", Values = b"VALUES", View = b"VIEW", Virtual = b"VIRTUAL", Where = b"WHERE",
    Window = b"WINDOW", With = b"WITH",
}

impl Keyword {
    /// The keyword that `word` is, in whatever case.
    #[inline]
    pub(super) fn of(word: &[u8]) -> Self {
        if word.len() < 2 || word.len() > LONGEST {
            return Self::Other;
        }
        let mut upper = [0; LONGEST];
        let upper = &mut upper[..word.len()];
        for (to, from) in upper.iter_mut().zip(word) {
            *to = from.to_ascii_uppercase();
        }
        look_up(upper)
    }
}
