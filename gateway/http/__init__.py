"""What every answer over HTTP needs: who may ask, what may be asked, what is answered, and how errors read."""
