SELECT revision FROM installation WHERE id = 1
