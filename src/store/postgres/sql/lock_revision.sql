SELECT revision FROM installation WHERE id = 1 FOR UPDATE
