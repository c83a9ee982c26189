"""What every route needs: fragment or page, who may come in, sentences for errors, headers, cookies."""
