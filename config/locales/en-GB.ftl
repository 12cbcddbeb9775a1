# English (United Kingdom). Nothing differs from en, from which it takes every string.
