-- For this transaction: no bitmaps, which collect all that an index has for a page before they sort it. Where many more rows match than
-- the planner believes, and in one environment of a thousand they do, only a walk along the index ends with the page.
SELECT set_config('enable_bitmapscan', 'off', true) AS "set!"
