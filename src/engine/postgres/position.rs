//! A position in the WAL as it comes over the wire: a `pg_lsn`, before 9.4 a text.

use std::error::Error;

use tokio_postgres::types::{FromSql, PgLsn, Type};

use crate::model::health::Lsn;

/// What a column with a position is read as.
pub struct Position(pub Lsn);

impl<'a> FromSql<'a> for Position {
    fn from_sql(kind: &Type, raw: &'a [u8]) -> Result<Self, Box<dyn Error + Sync + Send>> {
        if *kind == Type::PG_LSN {
            return Ok(Self(Lsn::new(PgLsn::from_sql(kind, raw)?.into())));
        }
        Ok(Self(<&str>::from_sql(kind, raw)?.parse()?))
    }

    fn accepts(kind: &Type) -> bool {
        *kind == Type::PG_LSN || <&str as FromSql<'_>>::accepts(kind)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_types_are_the_same_position() {
        let lsn: Lsn = "16/B374D848".parse().unwrap();
        let typed = Position::from_sql(&Type::PG_LSN, &lsn.byte().to_be_bytes()).unwrap();
        let text = Position::from_sql(&Type::TEXT, b"16/B374D848").unwrap();
        assert_eq!((typed.0, text.0), (lsn, lsn));
        assert!(Position::from_sql(&Type::TEXT, b"x").is_err());
        assert!(!Position::accepts(&Type::INT8));
    }
}
