# English (Australia). Nothing differs from en, from which it takes every string.
