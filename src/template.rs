//! Expressions and texts of definitions and SQL. The one home of minijinja.
