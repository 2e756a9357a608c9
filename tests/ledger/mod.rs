mod book;
mod conversations;
mod days;
mod files;
