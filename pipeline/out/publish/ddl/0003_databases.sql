-- Version 3: the views have a database to themselves, and everything else is in another one. Versions 1 and 2 laid all
-- of it out in the database of the views; a copy of that kind is taken over before version 1 is run (adopt.go).

CREATE DATABASE IF NOT EXISTS {{.Views}} COMMENT 'What tollbook has published: views to read.';
