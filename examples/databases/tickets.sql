-- The sample database `tickets`: small, believable, and as somebody else's migrations left it.

CREATE TABLE tickets (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  opened_at timestamptz NOT NULL,
  subject text NOT NULL,
  is_open boolean NOT NULL
);
INSERT INTO tickets (opened_at, subject, is_open)
  SELECT timestamptz '2026-01-01 00:00Z' + n * interval '5 hours',
    (ARRAY['Parcel has not arrived', 'Wrong size', 'Invoice is missing', 'Cannot sign in'])[1 + n % 4], n % 7 = 0
  FROM generate_series(1, 240) AS n;
