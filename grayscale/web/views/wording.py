from flask import Blueprint

bp = Blueprint("wording", __name__)
