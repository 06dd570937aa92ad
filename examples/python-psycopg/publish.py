import os
import sys

import psycopg
from psycopg.types.json import Json

# The block commits at its end and rolls back if it is left by an exception.
with psycopg.connect(os.environ["DATABASE_URL"]) as connection:
    (user_id,) = connection.execute("INSERT INTO users (name) VALUES (%s) RETURNING id", (sys.argv[1],)).fetchone()
    (event_id,) = connection.execute("SELECT moai.publish(%s, %s)", ("user.created", Json({"userId": user_id}))).fetchone()
print(event_id)
