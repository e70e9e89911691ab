-- SPDX-License-Identifier: MIT
--
-- The same order in PostgreSQL: one function call, one transaction. A seat is
-- sold by its row in sold_seats, whose primary key keeps two buyers apart; the
-- buyer's row is locked while his points are checked and taken.
--
-- In PostgreSQL's favour: the host is paid by the order's own row and not by an
-- update of his account, which every order would have to wait for until the one
-- before was flushed; no sales window, no idempotency, no chain, no foreign keys.
CREATE TABLE users (
    id bigint PRIMARY KEY,
    points bigint NOT NULL CHECK (points >= 0)
) WITH (fillfactor = 50);

CREATE TABLE concerts (
    id bigint PRIMARY KEY,
    host bigint NOT NULL,
    price bigint NOT NULL,
    seats integer NOT NULL,
    seat_limit integer NOT NULL
);

CREATE TABLE sold_seats (
    concert bigint NOT NULL,
    seat integer NOT NULL,
    order_id bigint NOT NULL,
    PRIMARY KEY (concert, seat)
);

CREATE TABLE seat_counts (
    concert bigint NOT NULL,
    buyer bigint NOT NULL,
    count integer NOT NULL,
    PRIMARY KEY (concert, buyer)
) WITH (fillfactor = 50);

CREATE TABLE orders (
    id bigint GENERATED ALWAYS AS IDENTITY (CACHE 1000) PRIMARY KEY,
    buyer bigint NOT NULL,
    host bigint NOT NULL,
    concert bigint NOT NULL,
    seat integer NOT NULL,
    amount bigint NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
);

CREATE FUNCTION place_order(a_buyer bigint, a_concert bigint, a_seat integer) RETURNS bigint
LANGUAGE plpgsql AS $$
DECLARE
    had bigint;
    show concerts%ROWTYPE;
    made bigint;
BEGIN
    SELECT points INTO had FROM users WHERE id = a_buyer FOR NO KEY UPDATE;
    IF NOT FOUND THEN RAISE 'user_unknown'; END IF;
    SELECT * INTO show FROM concerts WHERE id = a_concert;
    IF NOT FOUND THEN RAISE 'concert_unknown'; END IF;
    IF a_seat < 0 OR a_seat >= show.seats THEN RAISE 'seat_unknown'; END IF;
    INSERT INTO seat_counts AS had_seats VALUES (a_concert, a_buyer, 1)
        ON CONFLICT (concert, buyer) DO UPDATE SET count = had_seats.count + 1
        WHERE had_seats.count < show.seat_limit;
    IF NOT FOUND THEN RAISE 'seat_limit'; END IF;
    made := nextval('orders_id_seq');
    INSERT INTO sold_seats VALUES (a_concert, a_seat, made) ON CONFLICT DO NOTHING;
    IF NOT FOUND THEN RAISE 'seat_taken'; END IF;
    IF had < show.price THEN RAISE 'insufficient_points'; END IF;
    UPDATE users SET points = points - show.price WHERE id = a_buyer;
    INSERT INTO orders (id, buyer, host, concert, seat, amount) OVERRIDING SYSTEM VALUE
        VALUES (made, a_buyer, show.host, a_concert, a_seat, show.price);
    RETURN made;
END $$;
