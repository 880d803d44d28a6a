"""What people fill in."""

from flask_wtf import FlaskForm

from grayscale.domain.errors import Invalid


def put_error(form: FlaskForm, error: Invalid, fallback: str) -> None:
    """Show a domain error beside the field it names, else beside *fallback*."""
    field = form[error.field] if error.field and error.field in form else form[fallback]
    field.errors = [*field.errors, str(error)]
