CREATE TABLE people (
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL,
  email TEXT NOT NULL,
  city TEXT NOT NULL,
  state CHAR(2),
  country CHAR(2) NOT NULL,
  source TEXT NOT NULL,
  birth_date DATE,
  created_at TIMESTAMP NOT NULL
);
CREATE TABLE products (
  id INTEGER PRIMARY KEY,
  ean CHAR(13) NOT NULL,
  title TEXT NOT NULL,
  category TEXT NOT NULL,
  vendor TEXT NOT NULL,
  price REAL NOT NULL,
  rating REAL,
  created_at TIMESTAMP NOT NULL
);
CREATE TABLE orders (
  id INTEGER PRIMARY KEY,
  user_id INTEGER NOT NULL REFERENCES people (id),
  product_id INTEGER NOT NULL REFERENCES products (id),
  quantity INTEGER NOT NULL,
  subtotal REAL NOT NULL,
  discount REAL,
  tax REAL NOT NULL,
  total REAL NOT NULL,
  status TEXT NOT NULL,
  channel TEXT NOT NULL,
  created_at TIMESTAMP NOT NULL
);
CREATE TABLE reviews (
  id INTEGER PRIMARY KEY,
  product_id INTEGER NOT NULL REFERENCES products (id),
  reviewer TEXT NOT NULL,
  rating SMALLINT NOT NULL,
  body TEXT,
  created_at TIMESTAMP NOT NULL
);
CREATE TABLE accounts (
  id INTEGER PRIMARY KEY,
  email TEXT NOT NULL,
  first_name TEXT NOT NULL,
  last_name TEXT NOT NULL,
  plan TEXT NOT NULL,
  source TEXT,
  seats INTEGER NOT NULL,
  country CHAR(2) NOT NULL,
  created_at TIMESTAMP NOT NULL,
  trial_ends_at TIMESTAMP NOT NULL,
  trial_converted BOOLEAN NOT NULL,
  canceled_at TIMESTAMP,
  active_subscription BOOLEAN NOT NULL
);
CREATE TABLE invoices (
  id INTEGER PRIMARY KEY,
  account_id INTEGER NOT NULL REFERENCES accounts (id),
  payment REAL NOT NULL,
  expected_invoice BOOLEAN NOT NULL,
  plan TEXT NOT NULL,
  date_received TIMESTAMP NOT NULL
);
